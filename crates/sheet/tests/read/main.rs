//! What is read from which bytes, and what is refused with which code.

mod catalogue;
mod csv;
mod hostile;
mod ods;
mod round_trip;
mod support;
mod xlsx;
