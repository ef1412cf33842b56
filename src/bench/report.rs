//! The figures of a measurement, for people and for machines.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::Load;

/// What was measured.
#[derive(Debug, Clone)]
pub struct Figures {
    pub load: Load,
    /// From the start of the process to its readiness.
    pub ready_after: Duration,
    /// From the first job made to the last one completed.
    pub took: Duration,
    /// CPU time of the worker's process, without its start.
    pub cpu: Duration,
    pub idle_memory_bytes: u64,
    pub peak_memory_bytes: u64,
    /// From the activation of a job to its completion, as the gateway sees it.
    pub time_median: Duration,
    pub time_p99: Duration,
}

impl Figures {
    pub fn jobs_per_second(&self) -> f64 {
        count(self.load.jobs) / self.took.as_secs_f64()
    }

    pub fn cpu_millis_per_job(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / count(self.load.jobs)
    }

    pub fn to_json(&self) -> Value {
        json!({
            "jobs": self.load.jobs,
            "inFlight": self.load.in_flight,
            "journal": self.load.journal.kind(),
            "modelLatencyMillis": self.load.latency.as_secs_f64() * 1000.0,
            "readyMillis": self.ready_after.as_secs_f64() * 1000.0,
            "jobsPerSecond": self.jobs_per_second(),
            "cpuMillisPerJob": self.cpu_millis_per_job(),
            "idleMemoryBytes": self.idle_memory_bytes,
            "peakMemoryBytes": self.peak_memory_bytes,
            "jobMillisMedian": self.time_median.as_secs_f64() * 1000.0,
            "jobMillisP99": self.time_p99.as_secs_f64() * 1000.0,
        })
    }
}

/// The head of the table that [`row`] continues.
pub fn head(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>8} {:>10} {:>9} {:>10} {:>9} {:>12} {:>10} {:>10} {:>11} {:>11}",
        "jobs", "in flight", "model", "ready", "jobs/s", "CPU a job", "idle", "peak", "median job", "p99 job"
    )
}

/// One measurement as a line of the table.
pub fn row(out: &mut impl Write, figures: &Figures) -> io::Result<()> {
    writeln!(
        out,
        "{:>8} {:>10} {:>9} {:>10} {:>9.0} {:>9.3} ms {:>7.1} MB {:>7.1} MB {:>11} {:>11}",
        figures.load.jobs,
        figures.load.in_flight,
        millis(figures.load.latency),
        millis(figures.ready_after),
        figures.jobs_per_second(),
        figures.cpu_millis_per_job(),
        megabytes(figures.idle_memory_bytes),
        megabytes(figures.peak_memory_bytes),
        millis(figures.time_median),
        millis(figures.time_p99),
    )
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

#[allow(clippy::cast_precision_loss, reason = "figures are shown with one digit")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

#[allow(clippy::cast_precision_loss, reason = "counts of jobs are far below 2^52")]
fn count(jobs: usize) -> f64 {
    jobs as f64
}
