//! A listening port whose connections can be cut, silenced or refused.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::guarded::Guarded;

const BACKLOG: u32 = 1024;

/// The server's side of a port. Dropping it closes the port and cuts its connections.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    wires: Arc<Wires>,
}

#[derive(Debug)]
enum Order {
    Open(oneshot::Sender<io::Result<()>>),
    Shut(oneshot::Sender<io::Result<()>>),
}

/// The connections of a port.
#[derive(Debug, Default)]
struct Wires {
    taps: Guarded<Vec<Weak<Tap>>>,
    silent: AtomicBool,
}

const FLOWING: u8 = 0;
const SILENT: u8 = 1;
const CUT: u8 = 2;

/// Decides what becomes of a connection.
#[derive(Debug, Default)]
struct Tap {
    fate: AtomicU8,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

/// Lets whoever serves a request end the connection that it came on.
#[derive(Debug, Clone)]
pub(crate) struct WireHandle(Arc<Tap>);

/// An accepted connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    tap: Arc<Tap>,
}

impl Port {
    /// Listens on `address`; accepted connections come out of the receiver.
    pub(crate) async fn listen(address: SocketAddr) -> io::Result<(Self, mpsc::Receiver<Wire>)> {
        let socket = bind(address)?;
        let address = socket.local_addr()?;
        let listener = socket.listen(BACKLOG)?;
        let (orders, orders_received) = mpsc::channel(8);
        let (accepted, connections) = mpsc::channel(64);
        let wires = Arc::new(Wires::default());
        let doorkeeper = Doorkeeper { address, wires: Arc::clone(&wires), accepted };
        tokio::spawn(doorkeeper.run(listener, orders_received));
        Ok((Self { address, orders, wires }, connections))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections again.
    pub(crate) async fn open(&self) -> io::Result<()> {
        self.order(Order::Open).await
    }

    /// Refuses new connections, and keeps the port so that nobody else can take it meanwhile.
    pub(crate) async fn shut(&self) -> io::Result<()> {
        self.order(Order::Shut).await
    }

    async fn order(&self, order: impl FnOnce(oneshot::Sender<io::Result<()>>) -> Order) -> io::Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = |_| io::Error::from(io::ErrorKind::NotConnected);
        self.orders.send(order(done)).await.map_err(|_| gone(()))?;
        answer.await.map_err(|_| gone(()))?
    }

    /// Resets all connections.
    pub(crate) fn cut(&self) {
        self.wires.each(|tap| tap.decide(CUT));
    }

    /// Stops reading and writing on all connections, new ones too, without closing any; or goes on.
    pub(crate) fn silence(&self, silent: bool) {
        self.wires.silent.store(silent, Ordering::SeqCst);
        self.wires.each(|tap| tap.decide(if silent { SILENT } else { FLOWING }));
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.cut();
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

// === The door ===

struct Doorkeeper {
    address: SocketAddr,
    wires: Arc<Wires>,
    accepted: mpsc::Sender<Wire>,
}

/// A shut door holds a bound socket that does not listen: the system refuses connections to it, and gives the
/// port to nobody else.
enum Door {
    Open(TcpListener),
    Shut(TcpSocket),
    /// Something went wrong while it moved; the order that moved it has been told.
    Gone,
}

impl Doorkeeper {
    async fn run(self, listener: TcpListener, mut orders: mpsc::Receiver<Order>) {
        let mut door = Door::Open(listener);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => door = self.obey(order, door),
                    None => return,
                },
                stream = accept(&door) => {
                    if self.accepted.send(self.wires.connect(stream)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn obey(&self, order: Order, door: Door) -> Door {
        let (done, moved) = match order {
            Order::Open(done) => (done, self.opened(door)),
            Order::Shut(done) => (done, self.shut(door)),
        };
        let (door, result) = match moved {
            Ok(door) => (door, Ok(())),
            Err(error) => (Door::Gone, Err(error)),
        };
        // Whoever gave the order may have gone away; the door has moved all the same.
        drop(done.send(result));
        door
    }

    fn opened(&self, door: Door) -> io::Result<Door> {
        match door {
            Door::Open(listener) => Ok(Door::Open(listener)),
            Door::Shut(socket) => socket.listen(BACKLOG).map(Door::Open),
            Door::Gone => bind(self.address)?.listen(BACKLOG).map(Door::Open),
        }
    }

    fn shut(&self, door: Door) -> io::Result<Door> {
        drop(door);
        bind(self.address).map(Door::Shut)
    }
}

async fn accept(door: &Door) -> TcpStream {
    let Door::Open(listener) = door else { return std::future::pending().await };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
        // The client is already gone, or the process has no descriptors left: let others run.
        tokio::task::yield_now().await;
    }
}

impl Wires {
    fn connect(&self, stream: TcpStream) -> Wire {
        // Only speed depends on it.
        stream.set_nodelay(true).ok();
        let tap = Arc::new(Tap::default());
        if self.silent.load(Ordering::SeqCst) {
            tap.decide(SILENT);
        }
        self.taps.with(|taps| {
            taps.retain(|tap| tap.strong_count() > 0);
            taps.push(Arc::downgrade(&tap));
        });
        Wire { stream, tap }
    }

    fn each(&self, work: impl Fn(&Tap)) {
        let taps: Vec<_> = self.taps.with(|taps| taps.iter().filter_map(Weak::upgrade).collect());
        taps.iter().for_each(|tap| work(tap));
    }
}

// === A connection ===

impl Tap {
    fn decide(&self, fate: u8) {
        // What is cut stays cut.
        let kept = self.fate.fetch_max(fate, Ordering::SeqCst);
        if fate == FLOWING && kept == SILENT {
            self.fate.compare_exchange(SILENT, FLOWING, Ordering::SeqCst, Ordering::SeqCst).ok();
        }
        self.reader.wake();
        self.writer.wake();
    }
}

impl WireHandle {
    /// Resets the connection.
    pub(crate) fn cut(&self) {
        self.0.decide(CUT);
    }
}

impl Wire {
    pub(crate) fn handle(&self) -> WireHandle {
        WireHandle(Arc::clone(&self.tap))
    }

    /// Whether bytes may flow now. Without lingering, the close that follows an error is a reset.
    fn flow(&self) -> Poll<io::Result<()>> {
        match self.tap.fate.load(Ordering::SeqCst) {
            FLOWING => Poll::Ready(Ok(())),
            SILENT => Poll::Pending,
            _ => {
                self.stream.set_zero_linger().ok();
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.tap.reader.register(cx.waker());
        std::task::ready!(self.flow())?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.tap.writer.register(cx.waker());
        std::task::ready!(self.flow())?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.tap.writer.register(cx.waker());
        std::task::ready!(self.flow())?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }
}

impl tonic::transport::server::Connected for Wire {
    type ConnectInfo = WireHandle;

    fn connect_info(&self) -> WireHandle {
        self.handle()
    }
}
