//! A parser of uploaded bytes in a child process.
