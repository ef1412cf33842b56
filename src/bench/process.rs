//! CPU time and memory of another process, as Linux accounts for them under `/proc`.

use std::path::PathBuf;
use std::time::Duration;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) memory_bytes: u64,
}

/// Why the figures of a process are missing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the figures of process {pid} cannot be read; `bench` needs Linux's /proc")]
    Unreadable { pid: u32, source: std::io::Error },
    #[error("/proc shows process {pid} in a form that is not understood: no {field}")]
    Unknown { pid: u32, field: &'static str },
}

/// Linux counts CPU time in ticks of this length for every program that asks through `/proc`.
const TICK: Duration = Duration::from_millis(10);

pub(crate) fn usage(pid: u32) -> Result<Usage, Error> {
    let stat = read(pid, "stat")?;
    let status = read(pid, "status")?;
    let unknown = |field| Error::Unknown { pid, field };
    Ok(Usage {
        cpu: cpu_time(&stat).ok_or(unknown("CPU time"))?,
        peak_memory_bytes: memory(&status, "VmHWM:").ok_or(unknown("VmHWM"))?,
        memory_bytes: memory(&status, "VmRSS:").ok_or(unknown("VmRSS"))?,
    })
}

fn read(pid: u32, file: &str) -> Result<String, Error> {
    let path: PathBuf = ["/proc", &pid.to_string(), file].iter().collect();
    std::fs::read_to_string(path).map_err(|source| Error::Unreadable { pid, source })
}

/// User and system time are fields 14 and 15; the name in field 2 may hold spaces, so counting starts behind it.
fn cpu_time(stat: &str) -> Option<Duration> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    TICK.checked_mul(user.checked_add(system)?)
}

fn memory(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_with_spaces() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 1000";
        assert_eq!(cpu_time(stat), Some(Duration::from_secs(3)));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(memory("Name:\tx\nVmHWM:\t   20480 kB\n", "VmHWM:"), Some(20_971_520));
        assert_eq!(memory("Name:\tx\n", "VmHWM:"), None);
    }
}
