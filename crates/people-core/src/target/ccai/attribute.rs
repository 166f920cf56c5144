//! Whose row an error means. Errors name rows by number, and whether they count from 0 or from 1 is not documented: it is told from the
//! numbers, else from the configuration, else from values that the message repeats. Where nothing tells, both candidates are named.

use people_model::ccai::{ErrorType, Row, RowError, RowFault};

use super::RowBase;

/// The errors of a file of these rows, each at its place in it.
pub fn attribute(errors: &[RowError], rows: &[&Row], base: RowBase) -> Vec<RowFault> {
    let base = told(errors, rows, base);
    let mut faults = Vec::new();
    for error in errors {
        let fault = |row, unsure| RowFault {
            row,
            column: error.column,
            words: error.words(),
            warning: error.error_type == ErrorType::Warning,
            unsure,
        };
        let places = candidates(error, rows, base);
        match places.as_slice() {
            [] => faults.push(fault(None, false)),
            [place] => faults.push(fault(Some(*place), false)),
            several => faults.extend(several.iter().map(|place| fault(Some(*place), true))),
        }
    }
    faults
}

/// The places that an error may mean.
fn candidates(error: &RowError, rows: &[&Row], base: RowBase) -> Vec<usize> {
    let Some(row) = error.row else { return Vec::new() };
    let bases: &[i64] = match base {
        RowBase::Zero => &[0],
        RowBase::One => &[1],
        RowBase::Auto => &[0, 1],
    };
    let places = bases.iter().filter_map(|base| usize::try_from(row.checked_sub(*base)?).ok());
    places.filter(|place| *place < rows.len()).collect()
}

/// The base, as far as it can be told.
fn told(errors: &[RowError], rows: &[&Row], configured: RowBase) -> RowBase {
    let last = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let (mut zero, mut one) = (false, false);
    for row in errors.iter().filter_map(|error| error.row) {
        zero |= row == 0;
        one |= row == last;
    }
    match (zero, one, configured) {
        (true, false, _) => return RowBase::Zero,
        (false, true, _) => return RowBase::One,
        // Both cannot be: nothing is believed.
        (true, true, _) => return RowBase::Auto,
        (false, false, RowBase::Zero | RowBase::One) => return configured,
        (false, false, RowBase::Auto) => {}
    }
    for error in errors {
        let (Some(row), Some(message)) = (error.row, &error.message) else { continue };
        let names = |base: i64| {
            let place = row.checked_sub(base).and_then(|place| usize::try_from(place).ok());
            place.and_then(|place| rows.get(place)).is_some_and(|row| mentions(message, row))
        };
        match (names(0), names(1)) {
            (true, false) => zero = true,
            (false, true) => one = true,
            _ => {}
        }
    }
    match (zero, one) {
        (true, false) => RowBase::Zero,
        (false, true) => RowBase::One,
        _ => RowBase::Auto,
    }
}

/// Whether a message repeats a value of the row that hardly any other has.
fn mentions(message: &str, row: &Row) -> bool {
    let message = message.to_lowercase();
    let values =
        ["email", "new_email", "agent_number", "location"].into_iter().filter_map(|name| row.text(name));
    let flags = ["roles", "teams"].into_iter().flat_map(|list| row.flags(list));
    let flags = flags.filter(|(_, value)| *value == Some(true)).map(|(name, _)| name);
    values.chain(flags).any(|value| value.len() >= 3 && message.contains(&value.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Where the errors are said to be: place, and whether that is unsure.
    fn places(numbers: &[i64], message: &str, base: RowBase) -> Vec<(Option<usize>, bool)> {
        let rows: Vec<Row> = (0..4)
            .map(|n| {
                serde_json::from_value(
                    json!({"email": format!("user{n}@x.yz"), "location": format!("city{n}")}),
                )
                .unwrap()
            })
            .collect();
        let rows: Vec<&Row> = rows.iter().collect();
        let errors: Vec<RowError> = numbers
            .iter()
            .map(|row| serde_json::from_value(json!({"message": message, "row": row})).unwrap())
            .collect();
        attribute(&errors, &rows, base).into_iter().map(|fault| (fault.row, fault.unsure)).collect()
    }

    #[test]
    fn numbers_tell_their_base() {
        assert_eq!(places(&[0, 2], "", RowBase::Auto), [(Some(0), false), (Some(2), false)]);
        assert_eq!(places(&[2, 4], "", RowBase::Auto), [(Some(1), false), (Some(3), false)]);
        // What the numbers show outweighs what was configured.
        assert_eq!(places(&[0], "", RowBase::One), [(Some(0), false)]);
        assert_eq!(places(&[4], "", RowBase::Zero), [(Some(3), false)]);
    }

    #[test]
    fn else_the_configuration_does_else_the_message() {
        assert_eq!(places(&[2], "", RowBase::One), [(Some(1), false)]);
        assert_eq!(places(&[2], "", RowBase::Zero), [(Some(2), false)]);
        assert_eq!(places(&[2], "email User1@x.yz is taken", RowBase::Auto), [(Some(1), false)]);
        assert_eq!(places(&[2], "Location 'city2' not found", RowBase::Auto), [(Some(2), false)]);
    }

    #[test]
    fn where_nothing_tells_nobody_is_picked() {
        assert_eq!(places(&[2], "not found", RowBase::Auto), [(Some(2), true), (Some(1), true)]);
        assert_eq!(places(&[0, 4], "", RowBase::One).len(), 2);
        assert_eq!(places(&[99, -1], "", RowBase::One), [(None, false), (None, false)]);
    }
}
