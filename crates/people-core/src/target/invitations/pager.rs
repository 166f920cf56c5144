//! Listing page by page, as a value: it gives the call, is told the reply, and gives the next call until there is none.

use std::collections::HashSet;

use people_model::Call;
use people_model::invitations::{Customer, Page, UserInvitation};

use super::operations::List;
use crate::endpoint::Endpoint;

/// The most pages that are asked for: 200 each make four million accounts.
const PAGES: usize = 20_000;

/// Asks for all pages of a list, with the same parameters each.
///
/// ```
/// use people_core::target::invitations::Pager;
/// use people_model::invitations::{Customer, Page};
/// let mut pager = Pager::new(Customer::parse("C0")?, None, None, Some(100));
/// while let Some(call) = pager.call() {
///     let page = Page::default(); // what `call` brought
///     let invitations = pager.page(page)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pager {
    customer: Customer,
    filter: Option<String>,
    order_by: Option<String>,
    page_size: Option<u32>,
    next: Option<Option<String>>,
    seen: HashSet<String>,
}

/// Why listing ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PagingError {
    /// A page names one before it as the next.
    #[error(
        "page {0} names a page that was shown before as the next one; the list would never end: try again, with a filter"
    )]
    Cycle(usize),
    /// There are more pages than anybody can have.
    #[error("there are more than {PAGES} pages; narrow the list with a filter")]
    Endless,
}

impl Pager {
    /// A list of all that the filter lets through, in this order.
    pub fn new(
        customer: Customer,
        filter: Option<String>,
        order_by: Option<String>,
        page_size: Option<u32>,
    ) -> Self {
        Self { customer, filter, order_by, page_size, next: Some(None), seen: HashSet::new() }
    }

    /// The call for the next page; `None`: there is none. The same until [`Pager::page`] is told its reply.
    pub fn call(&self) -> Option<Call> {
        let token = self.next.as_ref()?;
        let list = List {
            customer: &self.customer,
            filter: self.filter.as_deref(),
            order_by: self.order_by.as_deref(),
            page_size: self.page_size,
            page_token: token.as_deref(),
        };
        Some(list.call())
    }

    /// Takes the reply to the call, and gives what is on the page. A page may be empty and not be the last.
    ///
    /// # Errors
    /// Where the reply leads in a circle; then there is no next call.
    pub fn page(&mut self, page: Page) -> Result<Vec<UserInvitation>, PagingError> {
        self.next = None;
        if !page.next_page_token.is_empty() {
            if self.seen.len() >= PAGES {
                return Err(PagingError::Endless);
            }
            if !self.seen.insert(page.next_page_token.clone()) {
                return Err(PagingError::Cycle(self.seen.len() + 1));
            }
            self.next = Some(Some(page.next_page_token));
        }
        Ok(page.user_invitations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(next: &str) -> Page {
        Page { user_invitations: vec![UserInvitation::default()], next_page_token: next.into() }
    }

    fn pager() -> Pager {
        let filter = Some("state=='invited'".to_owned());
        Pager::new(Customer::parse("C0").unwrap(), filter, Some("email desc".into()), Some(2))
    }

    #[test]
    fn all_else_stays_as_it_was() {
        let mut pager = pager();
        let first = pager.call().unwrap().path;
        assert_eq!(pager.call().unwrap().path, first);
        pager.page(page("x y")).unwrap();
        assert_eq!(pager.call().unwrap().path, format!("{first}&pageToken=x+y"));
        pager.page(page("z")).unwrap();
        assert_eq!(pager.call().unwrap().path, format!("{first}&pageToken=z"));
        assert_eq!(pager.page(page("")).unwrap().len(), 1);
        assert_eq!(pager.call(), None);
    }

    #[test]
    fn a_circle_is_refused() {
        for tokens in [&["a", "a"][..], &["a", "b", "c", "a"], &["a", "b", "b"]] {
            let mut pager = pager();
            let (last, first) = tokens.split_last().unwrap();
            for token in first {
                pager.page(page(token)).unwrap();
            }
            assert_eq!(pager.page(page(last)), Err(PagingError::Cycle(tokens.len())));
            assert_eq!(pager.call(), None);
        }
    }
}
