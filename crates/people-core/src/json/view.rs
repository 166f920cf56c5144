//! A record as a map sees it: as it stands, or with the names under which BambooHR's fields are found, without building either.

use people_model::Datum;

use super::name::HEAD;
use super::{Item, Kind, Name};

/// A value of a record.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    /// As it stands.
    Plain(Item<'a>),
    /// A record with two members more: `values` and `plain`.
    Wide(&'a Record<'a>),
    /// Each field's value by its name, whether the values stand in `fields.<name>.value` or in the record itself.
    Values(&'a Record<'a>),
    /// The same by its name in small letters without spaces and signs.
    Folded(&'a Record<'a>),
    /// A field without a value.
    Nothing,
}

/// The fields that are asked for by their folded names in one record after the other. Each name has a place.
#[derive(Default)]
pub(crate) struct Fields {
    names: Vec<Name<'static>>,
    /// The place of each name, counted from 1, at the slot of its number or the next that was empty.
    slots: Vec<u8>,
}

impl Fields {
    /// The place of this name; `None` where there is no room for another.
    pub(crate) fn place(&mut self, name: &Name<'static>) -> Option<u8> {
        self.slots.resize(4 * PLACES, 0);
        let slot = match self.search(name.head(), |own| own == name) {
            Ok(place) => return u8::try_from(place).ok(),
            Err(slot) => slot,
        };
        if self.names.len() == PLACES {
            return None;
        }
        let count = u8::try_from(self.names.len() + 1).ok()?;
        *self.slots.get_mut(slot)? = count;
        self.names.push(name.clone());
        Some(count - 1)
    }

    /// The place of the name with this beginning that `is` the one, or the slot where it would be if there is none.
    #[inline(always)]
    fn search(&self, head: u128, is: impl Fn(&Name<'static>) -> bool) -> Result<usize, usize> {
        let last = self.slots.len().wrapping_sub(1);
        let mut slot = (Name::spread(head) >> 32) as usize & last;
        while let Some(place) = self.slots.get(slot).and_then(|place| usize::from(*place).checked_sub(1)) {
            if self.names.get(place).is_some_and(&is) {
                return Ok(place);
            }
            slot = (slot + 1) & last;
        }
        Err(slot)
    }

    /// The place of the name that is this one when it is folded.
    #[inline(always)]
    fn folded(&self, name: Item<'_>) -> Option<usize> {
        let node = name.node();
        match (node.kind, fold_short(name.onward(node), node.width())) {
            (Kind::Text, Some((head, length))) => {
                self.search(head, |own| own.head() == head && own.as_str().len() == length).ok()
            }
            _ => self.long(&Folded::of(name)),
        }
    }

    #[inline(never)]
    fn long(&self, folded: &Folded<'_>) -> Option<usize> {
        self.search(folded.head, |own| folded.is(own)).ok()
    }
}

/// So many fields have a place.
const PLACES: usize = 64;

/// A record whose fields are found by their names in small letters without spaces and signs.
pub(crate) struct Record<'a> {
    item: Item<'a>,
    /// What holds the fields.
    fields: Item<'a>,
    /// Whether each is an object with the member `value`.
    wrapped: bool,
    asked: &'a Fields,
    /// Where the name and the value of the field with each place stand on the tape; 0: nowhere.
    found: [(u32, u32); PLACES],
}

/// A member that BambooHR's records do not have themselves.
const VALUES: Name<'static> = Name::of("values");
/// The same.
pub(crate) const PLAIN: Name<'static> = Name::of("plain");

impl<'a> Record<'a> {
    /// Shows a record, where it was made: it is larger than one would move for nothing.
    pub(crate) fn show<T>(item: Item<'a>, asked: &'a Fields, then: impl FnOnce(&Self) -> T) -> T {
        let [fields] = item.pick(["fields"]);
        let fields = fields.filter(|fields| fields.is_object());
        let (fields, wrapped) = (fields.unwrap_or(item), fields.is_some());
        let mut record = Self { item, fields, wrapped, asked, found: [(0, 0); PLACES] };
        for (name, field) in fields.members() {
            let Some(found) = asked.folded(name).and_then(|place| record.found.get_mut(place)) else {
                continue;
            };
            if found.0 == 0 || name.text() <= (Item { at: found.0, ..name }).text() {
                *found = (name.at, value(field, wrapped).item().map_or(0, |value| value.at));
            }
        }
        then(&record)
    }

    /// The value of the field at this place.
    #[inline]
    pub(crate) fn field(&self, place: u8) -> Option<View<'a>> {
        match *self.found.get(usize::from(place))? {
            (0, _) => None,
            (_, 0) => Some(View::Nothing),
            (_, at) => Some(View::Plain(Item { at, ..self.fields })),
        }
    }

    /// Of several names that are one when they are folded, the first in the order of letters counts.
    fn folded(&self, name: &Name<'_>) -> Option<View<'a>> {
        if let Ok(place) = self.asked.search(name.head(), |own| own == name) {
            return self.field(u8::try_from(place).ok()?);
        }
        let fields = self.fields.members().filter(|(own, _)| Folded::of(*own).is(name));
        // Of the same name twice the last.
        let first = fields.reduce(|first, next| if next.0.text() <= first.0.text() { next } else { first });
        first.map(|(_, field)| value(field, self.wrapped))
    }

    fn datum(&self) -> Datum {
        let named = |(name, field): (Item<'a>, Item<'a>)| {
            (name.text().unwrap_or_default().into(), value(field, self.wrapped).datum())
        };
        Datum::object(self.fields.members().map(named).collect())
    }
}

/// The value of a field, which may be wrapped in an object.
#[inline(always)]
fn value(field: Item<'_>, wrapped: bool) -> View<'_> {
    if wrapped && field.is_object() {
        let [value] = field.pick(["value"]);
        value.map_or(View::Nothing, View::Plain)
    } else {
        View::Plain(field)
    }
}

/// The folded name of a field, as far as a [`Name`] keeps one.
struct Folded<'a> {
    head: u128,
    length: usize,
    name: Item<'a>,
}

impl<'a> Folded<'a> {
    fn of(name: Item<'a>) -> Self {
        let (mut head, mut length) = ([0; HEAD], 0);
        fold(&name.text().unwrap_or_default(), |byte| {
            if let Some(place) = head.get_mut(length) {
                *place = byte;
            }
            length += 1;
        });
        Self { head: Name::number(head), length, name }
    }

    fn is(&self, name: &Name<'_>) -> bool {
        self.head == name.head()
            && self.length == name.as_str().len()
            && (self.length <= HEAD || folded(&self.name.text().unwrap_or_default()) == name.as_str())
    }
}

impl<'a> View<'a> {
    /// What it is. Anything but [`View::Plain`] and [`View::Nothing`] is an object.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Plain(item) => item.kind(),
            Self::Wide(_) | Self::Values(_) | Self::Folded(_) => Kind::Object,
            Self::Nothing => Kind::Null,
        }
    }

    /// The item, where it is one of the document.
    pub(crate) fn item(self) -> Option<Item<'a>> {
        match self {
            Self::Plain(item) => Some(item),
            _ => None,
        }
    }

    /// The member of this name.
    pub(crate) fn get(self, name: &str) -> Option<View<'a>> {
        match self {
            Self::Plain(item) => item.get(name).map(View::Plain),
            _ => self.named(&Name::of(name)),
        }
    }

    /// The same of a name that was prepared.
    pub(crate) fn named(self, name: &Name<'_>) -> Option<View<'a>> {
        match self {
            Self::Plain(item) => item.get(name.as_str()).map(View::Plain),
            Self::Wide(record) if *name == PLAIN => Some(View::Folded(record)),
            Self::Wide(record) if *name == VALUES => Some(View::Values(record)),
            Self::Wide(record) => record.item.get(name.as_str()).map(View::Plain),
            Self::Values(record) => {
                record.fields.get(name.as_str()).map(|field| value(field, record.wrapped))
            }
            Self::Folded(record) => record.folded(name),
            Self::Nothing => None,
        }
    }

    /// The item of this number.
    pub(crate) fn index(self, index: usize) -> Option<View<'a>> {
        self.item()?.index(index).map(View::Plain)
    }

    /// A copy on its own.
    pub(crate) fn datum(self) -> Datum {
        let members = |datum| if let Datum::Object(members) = datum { members } else { Box::default() };
        match self {
            Self::Plain(item) => item.datum(),
            Self::Nothing => Datum::Null,
            Self::Values(record) => record.datum(),
            Self::Folded(record) => {
                // Backwards: of several names that become one the first in the order of letters counts.
                let named = members(record.datum()).into_iter().rev();
                Datum::object(named.map(|(name, value)| (folded(&name).into(), value)).collect())
            }
            Self::Wide(record) => {
                let mut wide = members(record.item.datum()).into_vec();
                wide.push(("values".into(), View::Values(record).datum()));
                wide.push(("plain".into(), View::Folded(record).datum()));
                Datum::object(wide)
            }
        }
    }
}

/// The name in small letters without spaces and signs.
fn folded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    fold(name, |byte| bytes.push(byte));
    String::from_utf8(bytes).unwrap_or_default()
}

/// What [`fold`] makes of a short name in ASCII with which `text` begins: its number, and its length. All bytes at once, then one step for each
/// that is left out.
#[inline(always)]
fn fold_short(text: &[u8], length: usize) -> Option<(u128, usize)> {
    const ONES: u128 = u128::MAX / 0xff;
    const TOPS: u128 = ONES << 7;
    if length > HEAD {
        return None;
    }
    let word = match text.first_chunk() {
        Some(word) => *word,
        None => std::array::from_fn(|place| text.get(place).copied().unwrap_or_default()),
    };
    let own = u128::MAX.unbounded_shr(8 * (HEAD - length) as u32);
    let word = Name::number(word) & own;
    if word & TOPS != 0 {
        return None;
    }
    // The top bit of each byte that lies between two, both included.
    let between = |word: u128, first: u8, last: u8| {
        (word + ONES * u128::from(0x80 - first)) & !(word + ONES * u128::from(0x7f - last)) & TOPS
    };
    let letters = between(word | ONES << 5, b'a', b'z');
    let mut others = !(letters | between(word, b'0', b'9')) & own & TOPS;
    // The bit that makes a letter a small one stands two below the top.
    let (mut folded, mut length) = (word | letters >> 2, length);
    while others != 0 {
        let before = (1 << (others.trailing_zeros() & !7)) - 1;
        folded = folded & before | folded >> 8 & !before;
        others = (others & (others - 1)) >> 8;
        length -= 1;
    }
    Some((folded, length))
}

/// Hands on the bytes of the name in small letters without spaces and signs.
fn fold(name: &str, mut each: impl FnMut(u8)) {
    if name.is_ascii() {
        let kept = name.bytes().filter(u8::is_ascii_alphanumeric);
        kept.map(|byte| byte.to_ascii_lowercase()).for_each(each);
        return;
    }
    for c in name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase) {
        c.encode_utf8(&mut [0; 4]).bytes().for_each(&mut each);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Tape;

    const NAMES: [&str; 5] = ["firstname", "nachname", "straße", "dateofbirthandplace1", "absent"];

    proptest! {
        #[test]
        fn a_short_name_is_folded_as_any_other(name in "[a-zA-Z0-9 #_-]{0,18}|[ -~]{0,18}|.{0,18}", behind in ".{0,18}") {
            let folded = folded(&name);
            let short = name.is_ascii() && name.len() <= HEAD;
            let expected = short.then(|| (Name::of(&folded).head(), folded.len()));
            prop_assert_eq!(fold_short(format!("{name}{behind}").as_bytes(), name.len()), expected);
        }

        /// By its place and by its name a field has the same value: of several that are one when they are folded the first in the order of
        /// letters, of the same name twice the last.
        #[test]
        fn a_field_is_the_same_however_it_is_asked_for(
            names in prop::collection::vec("(First Name|firstName|FIRST-NAME|Nach-Name|Straße|straSSe|Date of Birth and Place 1|x)", 0..8),
            wrapped in any::<bool>(),
        ) {
            let field = |(n, name): (usize, &String)| match (wrapped, n % 3) {
                (true, 0) => format!("{name:?}:{{\"value\":{n}}}"),
                (true, 1) => format!("{name:?}:{{}}"),
                _ => format!("{name:?}:{n}"),
            };
            let fields: Vec<String> = names.iter().enumerate().map(field).collect();
            let fields = format!("{{{}}}", fields.join(","));
            let text = if wrapped { format!("{{\"fields\":{fields}}}") } else { fields };
            let tape = Tape::read(text.as_bytes()).unwrap();
            let (mut asked, none) = (Fields::default(), Fields::default());
            let places = NAMES.map(|name| asked.place(&Name::of(name)).unwrap());
            let root = tape.root().unwrap();
            for (name, place) in NAMES.into_iter().zip(places) {
                let alike = names.iter().enumerate().filter(|(_, own)| folded(own) == name);
                let first = alike.reduce(|first, next| if next.1 <= first.1 { next } else { first });
                let expected = first.map(|(n, _)| if wrapped && n % 3 == 1 { Datum::Null } else { Datum::Number(n.into()) });
                let placed = Record::show(root, &asked, |record| record.field(place).map(View::datum));
                prop_assert_eq!(&placed, &expected, "{}", text);
                for fields in [&asked, &none] {
                    let named = |record: &Record<'_>| View::Folded(record).named(&Name::of(name)).map(View::datum);
                    prop_assert_eq!(&Record::show(root, fields, named), &expected, "{} {}", name, text);
                }
            }
        }
    }

    #[test]
    fn a_name_has_one_place_and_there_is_room_for_some() {
        let mut fields = Fields::default();
        let mut place = |n: usize| fields.place(&Name::from(format!("a name as long as the others {n}")));
        for n in 0..PLACES {
            assert_eq!(place(n).map(usize::from), Some(n));
        }
        assert_eq!((place(PLACES), place(7)), (None, Some(7)));
    }
}
