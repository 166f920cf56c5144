//! Work that waits. What begins here runs at once, as far as it comes; whenever what it waits for has come, it goes on in that very
//! turn. The runtime's own queue of microtasks is not asked, which at the edge costs more than most of what is to be done.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    /// A promise that [`settle`] keeps or breaks.
    fn promised(id: u32) -> Promise;
    fn settle(id: u32, good: bool, value: JsValue);
    /// Has [`come`] called with what the promise comes to.
    fn follow(promise: &Promise, id: u32);
}

/// What a promise came to.
pub(crate) type Come = Result<JsValue, JsValue>;

type Work = Pin<Box<dyn Future<Output = Come>>>;

/// What is waited for.
enum Slot {
    Waiting(Option<Waker>),
    Come(Come),
}

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(1) };
    // By their numbers. They are few at any time.
    static WORK: RefCell<Vec<(u32, Work)>> = const { RefCell::new(Vec::new()) };
    static SLOTS: RefCell<Vec<(u32, Slot)>> = const { RefCell::new(Vec::new()) };
    static READY: RefCell<VecDeque<u32>> = const { RefCell::new(VecDeque::new()) };
    /// Whether `READY` will be looked at before this turn ends.
    static TURN: Cell<bool> = const { Cell::new(false) };
}

/// Of a promise that is followed for the turn that it brings and for nothing else.
const NOBODY: u32 = 0;

fn number() -> u32 {
    let n = NEXT.get();
    NEXT.set(n.checked_add(1).unwrap_or(1));
    n
}

fn remove<T>(all: &mut Vec<(u32, T)>, id: u32) -> Option<T> {
    let at = all.iter().position(|(known, _)| *known == id)?;
    Some(all.swap_remove(at).1)
}

struct Bell(u32);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        READY.with_borrow_mut(|ready| ready.push_back(self.0));
        if !TURN.replace(true) {
            follow(&Promise::resolve(&JsValue::UNDEFINED), NOBODY);
        }
    }
}

fn poll(id: u32, work: &mut Work) -> Poll<Come> {
    work.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Bell(id)))))
}

/// Goes on with whatever is ready. A turn that the runtime cut off leaves `TURN` as it was, so nobody asks for it here.
fn turn() {
    TURN.set(true);
    while let Some(id) = READY.with_borrow_mut(VecDeque::pop_front) {
        let Some(mut work) = WORK.with_borrow_mut(|all| remove(all, id)) else { continue };
        match poll(id, &mut work) {
            Poll::Pending => WORK.with_borrow_mut(|all| all.push((id, work))),
            Poll::Ready(Ok(value)) => settle(id, true, value),
            Poll::Ready(Err(error)) => settle(id, false, error),
        }
    }
    TURN.set(false);
}

/// Begins work: its outcome where there is nothing to wait for, or else the promise of it.
pub(crate) fn begin(work: impl Future<Output = Come> + 'static) -> JsValue {
    let (id, mut work): (u32, Work) = (number(), Box::pin(work));
    TURN.set(true);
    let begun = match poll(id, &mut work) {
        Poll::Ready(Ok(value)) => value,
        Poll::Ready(Err(error)) => Promise::reject(&error).into(),
        Poll::Pending => {
            WORK.with_borrow_mut(|all| all.push((id, work)));
            promised(id).into()
        }
    };
    turn();
    begun
}

/// What a promise comes to.
pub(crate) fn awaited(promise: &Promise) -> impl Future<Output = Come> {
    let id = number();
    SLOTS.with_borrow_mut(|slots| slots.push((id, Slot::Waiting(None))));
    follow(promise, id);
    Awaited(id)
}

struct Awaited(u32);

impl Future for Awaited {
    type Output = Come;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Come> {
        SLOTS.with_borrow_mut(|slots| match remove(slots, self.0) {
            Some(Slot::Come(come)) => Poll::Ready(come),
            _ => {
                slots.push((self.0, Slot::Waiting(Some(context.waker().clone()))));
                Poll::Pending
            }
        })
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let left = SLOTS.with_borrow_mut(|slots| remove(slots, self.0));
        drop(left);
    }
}

/// JavaScript says what a promise has come to; it may be that nobody waits any more.
#[wasm_bindgen]
pub fn come(id: u32, good: bool, value: JsValue) {
    TURN.set(true);
    let waker = SLOTS.with_borrow_mut(|slots| match slots.iter_mut().find(|(known, _)| *known == id) {
        Some((_, slot)) => {
            let come = Slot::Come(if good { Ok(value) } else { Err(value) });
            match std::mem::replace(slot, come) {
                Slot::Waiting(waker) => waker,
                Slot::Come(_) => None,
            }
        }
        None => None,
    });
    if let Some(waker) = waker {
        waker.wake();
    }
    turn();
}
