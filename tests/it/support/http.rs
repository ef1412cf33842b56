//! A web server for recorded answers, written down to the socket: it can also reset a connection and break an
//! answer off, which a well-behaved server library does not offer.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// No recorded request comes near it; a client that goes wrong shall not fill the memory.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, not decoded.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The target without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first header of this name, whatever its case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer(Answer),
    /// A head that promises 1,000 bytes, this body, and the end of the connection.
    Truncated(Vec<u8>),
    /// The connection is reset.
    Reset,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Decides about requests. It is asked by many connections at once.
pub(crate) type Handler = Arc<dyn Fn(Request) -> Reply + Send + Sync>;

/// A listening server. Dropping it closes the port and its connections.
pub(crate) struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a port of the system's choice.
    pub(crate) async fn start(handler: Handler) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, task: tokio::spawn(accept(listener, handler)) })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, handler: Handler) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    // A connection that breaks is the client's affair; what it asked for has been recorded.
                    connections.spawn(serve(stream, Arc::clone(&handler)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, handler: Handler) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = BufReader::new(stream);
    while let Some(request) = read_request(&mut connection).await? {
        match handler(request) {
            Reply::Answer(answer) => connection.write_all(&rendered(&answer)).await?,
            Reply::Truncated(body) => {
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
                connection.write_all(head.as_bytes()).await?;
                connection.write_all(&body).await?;
                return connection.shutdown().await;
            }
            Reply::Reset => return connection.get_ref().set_zero_linger(),
        }
    }
    Ok(())
}

/// Nothing when the client closed the connection between two requests.
async fn read_request(connection: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let Some(first) = read_line(connection).await? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(malformed("a request line without a target"));
    };
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let line = read_line(connection).await?.ok_or_else(|| malformed("a head that ends too early"))?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("a header without a colon"))?;
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    if request.header("transfer-encoding").is_some() {
        return Err(malformed("a body in chunks, which this server does not read"));
    }
    let length = match request.header("content-length") {
        Some(length) => length.parse().map_err(|_| malformed("a content length that is no number"))?,
        None => 0,
    };
    if length > MAX_BODY_BYTES {
        return Err(malformed("a body that is too large"));
    }
    request.body.resize(length, 0);
    connection.read_exact(&mut request.body).await?;
    Ok(Some(request))
}

async fn read_line(connection: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if connection.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&line);
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn rendered(answer: &Answer) -> Vec<u8> {
    // The reason phrase carries nothing; clients must not need it.
    let mut head = format!("HTTP/1.1 {} -\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    [head.as_bytes(), &answer.body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn exchange(server: &Server, sent: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(server.address).await?;
        stream.write_all(sent.as_bytes()).await?;
        stream.shutdown().await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    #[tokio::test]
    async fn answers_several_requests_of_one_connection() {
        let echo: Handler = Arc::new(|request| {
            let body = format!("{} {} ", request.method, request.target).into_bytes();
            Reply::Answer(Answer { status: 201, headers: vec![], body: [body, request.body].concat() })
        });
        let server = Server::start(echo).await.unwrap();
        let requests = "POST /a?b HTTP/1.1\r\ncontent-length: 2\r\n\r\nhiGET /c HTTP/1.1\r\nHost: x\r\n\r\n";
        let answers = exchange(&server, requests).await.unwrap();
        assert_eq!(
            answers,
            "HTTP/1.1 201 -\r\nContent-Length: 12\r\n\r\nPOST /a?b hiHTTP/1.1 201 -\r\nContent-Length: 7\r\n\r\nGET /c "
        );
    }

    #[tokio::test]
    async fn breaks_an_answer_off_or_resets_the_connection() {
        let server = Server::start(Arc::new(|request| match request.path() {
            "/cut" => Reply::Truncated(b"{\"a".to_vec()),
            _ => Reply::Reset,
        }))
        .await
        .unwrap();
        let cut = exchange(&server, "GET /cut HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(cut.contains("Content-Length: 1000\r\n") && cut.ends_with("\r\n\r\n{\"a"), "{cut}");
        let reset = exchange(&server, "GET /reset HTTP/1.1\r\n\r\n").await.unwrap_err();
        assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
    }
}
