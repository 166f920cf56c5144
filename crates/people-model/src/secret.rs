//! A value that never prints and wipes itself from memory.

use core::fmt;

use zeroize::{Zeroize, Zeroizing};

/// Holds a secret. `Debug` prints `Secret(…)`, there is no `Display` and no `Serialize`, and the memory is zeroized on
/// drop. The only way to the value is [`Secret::expose`], so that every use can be found.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself. Do not log, store or format what comes out.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self::new(value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_value() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "Secret(…)");
        assert_eq!(format!("{:?}", Some(Secret::new(vec![104_u8, 117]))), "Some(Secret(…))");
    }
}
