//! The pace against services that grant calls in many ways: pure simulations, and the lane under a paused clock.

mod convergence;
mod lane;
mod service;
