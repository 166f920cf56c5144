//! Jobs of one step.

use crate::command::{cargo, run};
use crate::steps::{Passed, Steps, Stopped};

/// The long test. It is configured by its environment, which it inherits.
pub(crate) fn soak(steps: &mut Steps, args: &[String]) -> Result<(), Stopped> {
    steps.step(
        "soak",
        "the test prints its seed and the first broken law: run it again with that seed",
        || {
            // One after the other: what one keeps in memory is not the other's.
            let mut soak = cargo(
                "test --locked --release -p people-tests --test it -- --ignored --nocapture --test-threads=1 soak_full",
            );
            soak.args(args);
            run(soak).map(|()| Passed::Done)
        },
    )
}

/// One process, pretend clouds, signed deliveries over loopback; exit 0 only for the expected outcomes.
pub(crate) fn demo(steps: &mut Steps, args: &[String]) -> Result<(), Stopped> {
    steps.step("demo", "read the outcomes above: the first unexpected one is marked", || {
        let mut demo = cargo("run --locked --release -p people -- demo");
        demo.args(args);
        run(demo).map(|()| Passed::Done)
    })
}
