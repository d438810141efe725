//! What the arguments can ask for, one function a scenario.

pub mod ending;
pub mod family;
pub mod memory;
