//! State machines of cases.
