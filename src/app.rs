//! Builds every component from the configuration and owns the order of start and shutdown.
//!
//! Start: connectors, then the operator's port (so that probes have an answer), then the worker. Stop: no new jobs,
//! running ones finish or are given back, then the operator's port closes.
