//! The codes and words of the refusals.

use std::collections::BTreeSet;

use super::*;

#[test]
fn codes_are_counted_without_gaps() {
    for (index, denied) in Denied::ALL.iter().enumerate() {
        assert_eq!(denied.code(), format!("BW-RIGHTS-{:03}", index + 1));
    }
}

#[test]
fn a_hidden_object_looks_like_none() {
    let absent = Denied::Foreign.diagnostic();
    let hidden: BTreeSet<Denied> = Denied::ALL.iter().copied().filter(|denied| denied.hides()).collect();
    assert_eq!(hidden, [Denied::Foreign, Denied::Red].into());
    for denied in Denied::ALL {
        assert_eq!(denied.diagnostic() == absent, denied.hides(), "{denied:?}");
    }
}
