//! Lists that are wiped when dropped, in functions that are there once: wiping is a loop, and numbers are dropped everywhere.

use core::ops::{Deref, DerefMut};

use zeroize::Zeroize;

/// A list, wiped when dropped.
pub(crate) struct Wiped<T: Copy + Zeroize>(Vec<T>);

impl<T: Copy + Zeroize> Wiped<T> {
    pub(crate) fn new(list: Vec<T>) -> Self {
        Self(list)
    }
}

impl<T: Copy + Zeroize> Default for Wiped<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Zeroize> Clone for Wiped<T> {
    #[inline(never)]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Copy + Zeroize> Drop for Wiped<T> {
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Copy + Zeroize> Deref for Wiped<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Copy + Zeroize> DerefMut for Wiped<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}
