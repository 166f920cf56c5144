//! The pretend clouds over real HTTP, with assertions signed by a library that the simulator does not verify with.

#[cfg(test)]
mod ccai;
#[cfg(test)]
mod cloudidentity;
#[cfg(test)]
mod cloudm;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod support;
#[cfg(test)]
mod token;
#[cfg(test)]
mod workflows;
