//! Names in plain Latin letters: for addresses, and for the filter `ascii` of maps.
//!
//! Latin letters lose their marks; Greek, Cyrillic, Georgian and Armenian are written as passports write them (ICAO Doc 9303, ELOT 743
//! and the national tables). Writing systems whose letters do not tell the Latin spelling are not guessed at: a Han character is read
//! differently in China, Japan and Hong Kong, and Arabic and Hebrew leave vowels out. An address lasts, so a human chooses it there.

/// Whether letters are spelled with two that some people spell so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Umlauts {
    /// `ü` is `u`.
    Plain,
    /// `ü` is `ue` and `å` is `aa`: what German and Nordic people expect of an address.
    Spelled,
}

/// Small letters and how they are written. Each letter stands here once.
const LETTERS: &[(&str, &str)] = &[
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặⱥªаӑӓαάაա"),
    ("b", "ḃḅḇƀɓбბբ"),
    ("c", "çćĉċčḉȼƈћ"),
    ("d", "ďḋḍḏḑḓđðɖɗдђδდդ"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệɇǝəɛеёэѐәεέეեէ"),
    ("f", "ḟƒфφֆ"),
    ("g", "ĝğġģǧǵḡǥɠгґѓғγგգ"),
    ("h", "ĥȟḣḥḧḩḫẖħһҳჰհ"),
    ("i", "ìíîïĩīĭįǐȉȋḭḯỉịıɨиіїйѝηήιίϊΐიի"),
    ("j", "ĵǰɉјҗჯջ"),
    ("k", "ķǩḱḳḵƙĸкќқκკქկք"),
    ("l", "ĺļľḷḹḻḽłŀƚɫлλლլ"),
    ("m", "ḿṁṃмμµმմ"),
    ("n", "ñńņňǹṅṇṉṋɲƞŋнңνნն"),
    ("o", "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợøǿɵɔºоөӧοόωώოոօ"),
    ("p", "ṕṗƥпπპფպփ"),
    ("q", "ɋყ"),
    ("r", "ŕŗřȑȓṙṛṝṟɍрρრռր"),
    ("s", "śŝşšſșṡṣṥṧṩẛсσςსս"),
    ("t", "ţťțṫṭṯṱẗŧƭʈтτთტթտ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữựʉуўүұӱუ"),
    ("v", "ṽṿʋвვվ"),
    ("w", "ŵẁẃẅẇẉẘւ"),
    ("x", "ẋẍξ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹɏƴыυύϋΰըյ"),
    ("z", "źżžẑẓẕƶзζზզ"),
    ("ae", "æǽǣӕ"),
    ("oe", "œ"),
    ("ss", "ß"),
    ("th", "þθ"),
    ("ij", "ĳ"),
    ("lj", "ǉљ"),
    ("nj", "ǌњ"),
    ("dz", "ǆǳџѕძձ"),
    ("ie", "є"),
    ("iu", "ю"),
    ("ia", "я"),
    ("zh", "жჟժ"),
    ("kh", "хხխ"),
    ("ts", "цცწծց"),
    ("ch", "чχჩჭչճ"),
    ("sh", "шშշ"),
    ("shch", "щ"),
    ("ps", "ψ"),
    ("gh", "ღղ"),
    ("ev", "և"),
    ("", "ьъʼʻʹʺ"),
    ("fi", "ﬁ"),
    ("fl", "ﬂ"),
    ("ff", "ﬀ"),
];

/// The text in ASCII; `None` where a letter has no spelling here. Signs that are neither letters nor digits are left out, except for
/// spaces, dashes and apostrophes.
pub(crate) fn latin(text: &str, umlauts: Umlauts) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    let (mut before, mut rest) = (None, text.chars());
    while let Some(c) = rest.next() {
        if c.is_ascii() {
            out.push(c);
            before = Some(c.to_ascii_lowercase());
            continue;
        }
        let small = c.to_lowercase().next().unwrap_or(c);
        let after = rest.clone().next().and_then(|c| c.to_lowercase().next());
        let begins = before.is_none_or(|c| !c.is_alphanumeric());
        let plain = match (before, small, after) {
            (Some('a' | 'o' | 'u'), '\u{308}', _) if umlauts == Umlauts::Spelled => "e",
            (Some('a'), '\u{30a}', _) if umlauts == Umlauts::Spelled => "a",
            // A mark that belongs to the letter before.
            (_, '\u{300}'..='\u{36f}', _) => continue,
            (_, 'ä', _) if umlauts == Umlauts::Spelled => "ae",
            (_, 'ö' | 'ø', _) if umlauts == Umlauts::Spelled => "oe",
            (_, 'ü', _) if umlauts == Umlauts::Spelled => "ue",
            (_, 'å', _) if umlauts == Umlauts::Spelled => "aa",
            (_, '\u{ff01}'..='\u{ff5e}', _) => {
                out.extend(char::from_u32(u32::from(c) - 0xfee0));
                ""
            }
            (_, '\u{2010}'..='\u{2015}' | '\u{2212}', _) => "-",
            (_, '\u{2018}' | '\u{2019}', _) => "'",
            (_, c, _) if c.is_whitespace() => " ",
            (Some('ο' | 'ό'), 'υ' | 'ύ', _) => "u",
            (Some('α' | 'ε' | 'η'), 'υ' | 'ύ', after) => match after {
                None | Some('θ' | 'κ' | 'ξ' | 'π' | 'σ' | 'ς' | 'τ' | 'φ' | 'χ' | 'ψ') => "f",
                Some(_) => "v",
            },
            (_, 'γ', Some('γ' | 'ξ' | 'χ')) => "n",
            (_, 'μ', Some('π')) if begins => {
                rest.next();
                "b"
            }
            // Two Armenian letters for one sound.
            (_, 'ո', Some('ւ')) => {
                rest.next();
                "u"
            }
            // İ and the sign of a kelvin have plain small letters.
            (_, small, _) if small.is_ascii() => {
                out.push(if small == c { small } else { small.to_ascii_uppercase() });
                ""
            }
            (_, small, _) => match LETTERS.iter().find(|(_, letters)| letters.contains(small)) {
                Some((plain, _)) => plain,
                None if small.is_alphanumeric() => return None,
                None => continue,
            },
        };
        let mut plain = plain.chars();
        match plain.next() {
            Some(first) if small != c => out.push(first.to_ascii_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.extend(plain);
        before = Some(small);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Option<String> {
        latin(text, Umlauts::Plain)
    }

    #[test]
    fn letters_lose_their_marks_and_keep_their_case() {
        for (text, expected) in [
            ("Jürgen Ægir Groß", "Jurgen Aegir Gross"),
            ("Łukasz Żółć", "Lukasz Zolc"),
            ("Nguyễn Thị Đào", "Nguyen Thi Dao"),
            ("Çağrı Öztürk İlgın", "Cagri Ozturk Ilgin"),
            ("Đorđe Šćepanović", "Dorde Scepanovic"),
            ("Ștefan Þór Ĳsbrand", "Stefan Thor Ijsbrand"),
            ("Jose\u{301} Nu\u{308}n\u{303}ez", "Jose Nunez"),
            ("O’Neill–Díaz\u{a0}x ☂", "O'Neill-Diaz x "),
            ("ＡＢＣ１", "ABC1"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_alphabets_are_written_as_passports_write_them() {
        for (text, expected) in [
            ("Щербаков Юрий", "Shcherbakov Iurii"),
            ("Наталья Хрущёва", "Natalia Khrushcheva"),
            ("Їжакевич Олег", "Izhakevich Oleg"),
            ("Љубиша Џонић", "Ljubisha Dzonic"),
            ("Γεώργιος Παπαδόπουλος", "Georgios Papadopoulos"),
            ("Ευάγγελος Μπακογιάννης", "Evangelos Bakogiannis"),
            ("Ευτυχία", "Eftychia"),
            ("შოთა რუსთაველი", "shota rustaveli"),
            ("Հայկ Սարգսյան", "Hayk Sargsyan"),
            ("Մուրադ", "Murad"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn umlauts_may_be_spelled_whichever_way_they_are_encoded() {
        for (text, expected) in [
            ("Jürgen Ångström", "Juergen Aangstroem"),
            ("Ju\u{308}rgen A\u{30a}ngstro\u{308}m", "Juergen Aangstroem"),
            ("Søren Ünal", "Soeren Uenal"),
            ("Zoë Noe\u{308}l", "Zoe Noel"),
        ] {
            assert_eq!(latin(text, Umlauts::Spelled).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_not_guessed() {
        for text in ["李", "小龙", "田中", "محمد", "דוד", "김민준", "ひろし", "Ana 李", "สมชาย"]
        {
            assert_eq!(plain(text), None, "{text}");
        }
        assert_eq!(plain("").as_deref(), Some(""));
    }

    #[test]
    fn each_letter_stands_in_the_table_once() {
        let mut letters: Vec<char> = LETTERS.iter().flat_map(|(_, letters)| letters.chars()).collect();
        letters.sort_unstable();
        assert!(letters.windows(2).all(|two| two[0] != two[1]));
        assert!(LETTERS.iter().all(|(plain, _)| plain.is_ascii()));
    }
}
