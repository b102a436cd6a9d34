//! What a planted fault is, in whatever it is planted.

/// One fault in a target of kind `T`.
pub struct Fault<T: 'static> {
    /// In words.
    pub name: &'static str,
    /// The check that must find it.
    pub check: &'static str,
    /// Checks that may see it as well.
    pub also: &'static [&'static str],
    /// Plants it.
    pub plant: fn(&mut T),
}

impl<T> Fault<T> {
    /// The domain of its check.
    pub fn domain(&self) -> &'static str {
        self.check.split_once('.').expect("domain.name").0
    }

    /// Whether an alarm of this check belongs to the fault.
    pub fn explains(&self, check: &str) -> bool {
        check == self.check || self.also.contains(&check)
    }
}

macro_rules! faults {
    ($list:ident in $target:ty; $($name:literal => $check:literal $(, also $($also:literal)+)?: $plant:expr;)+) => {
        /// Every fault, by domain.
        pub const $list: &[$crate::fault::Fault<$target>] = &[$($crate::fault::Fault {
            name: $name, check: $check, also: &[$($($also),+)?], plant: $plant,
        }),+];
    };
}
