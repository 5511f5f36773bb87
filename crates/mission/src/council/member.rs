//! Member States: one code for each, and the names the United Nations writes them by.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// A State that votes in the Council or puts a draft to it: a code of ISO 3166-1 alpha-3 where the
/// name is known, and otherwise the name as the source gives it.
///
/// Invariant: a text that is the code or a known name of a State is held as its code, so that two
/// equal States compare equal whatever their source called them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Member(String);

/// How a name was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// It is a code or a name the United Nations uses or used.
    Known,
    /// It is a known slip of the vote files, such as `CHILEs`; the State meant is clear.
    Misspelt,
    /// It is in no table; the name is kept as given.
    Unknown,
}

/// The permanent members (Charter, Art. 23(1)), in the order of the Charter. The seat of the USSR has
/// been held by the Russian Federation since 24 December 1991; that of China has one code throughout.
pub const PERMANENT_CODES: [&str; 5] = ["CHN", "FRA", "RUS", "GBR", "USA"];

impl Member {
    /// The State of this code of ISO 3166-1 alpha-3, capital letters.
    pub fn from_code(code: &str) -> Option<Self> {
        STATES.iter().find(|state| state.code == code).map(|state| Self(state.code.to_owned()))
    }

    /// The State of this name, and how it was recognised. Case, accents, the kind of apostrophe, full
    /// stops and repeated white space do not matter.
    pub fn recognise(name: &str) -> (Self, Recognised) {
        let trimmed = name.split_whitespace().collect::<Vec<_>>().join(" ");
        match NAMES.get(fold(&trimmed).as_str()) {
            Some((code, how)) => (Self((*code).to_owned()), *how),
            None => (Self(trimmed), Recognised::Unknown),
        }
    }

    /// The code of ISO 3166-1 alpha-3; `None` for a name that is in no table.
    pub fn code(&self) -> Option<&str> {
        self.state().map(|state| state.code)
    }

    /// The name in English, as the United Nations lists its Members; the name as given where it is
    /// in no table.
    pub fn name(&self) -> &str {
        self.state().map_or(&self.0, |state| state.name)
    }

    /// Whether the Charter makes it a permanent member of the Council (Art. 23(1)).
    pub fn is_permanent(&self) -> bool {
        PERMANENT_CODES.contains(&self.0.as_str())
    }

    /// The five permanent members, in the order of the Charter.
    pub fn permanent() -> impl Iterator<Item = Self> {
        PERMANENT_CODES.iter().map(|code| Self((*code).to_owned()))
    }

    fn state(&self) -> Option<&'static State> {
        STATES.iter().find(|state| state.code == self.0)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<String> for Member {
    fn from(text: String) -> Self {
        Self::recognise(&text).0
    }
}

impl From<Member> for String {
    fn from(member: Member) -> String {
        member.0
    }
}

/// Joins names for a sentence: `A`, `A and B`, `A, B and C`.
pub(super) fn join_names<'a>(members: impl IntoIterator<Item = &'a Member>) -> String {
    let names: Vec<&str> = members.into_iter().map(Member::name).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The form in which names are compared: capitals without accents, one kind of apostrophe, no full
/// stops, single spaces.
fn fold(name: &str) -> String {
    let plain: String = name
        .to_uppercase()
        .chars()
        .filter(|c| *c != '.' && !('\u{300}'..='\u{36f}').contains(c))
        .map(|c| match c {
            'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' => 'A',
            'È' | 'É' | 'Ê' | 'Ë' => 'E',
            'Ì' | 'Í' | 'Î' | 'Ï' | 'İ' => 'I',
            'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' => 'O',
            'Ù' | 'Ú' | 'Û' | 'Ü' => 'U',
            'Ç' => 'C',
            'Ñ' => 'N',
            '’' | '‘' | '`' | '´' => '\'',
            '‐' | '‑' | '–' => '-',
            other => other,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One State of the table.
struct State {
    code: &'static str,
    name: &'static str,
    /// Other names in the vote files and texts, written as they are compared.
    aliases: &'static [&'static str],
}

static NAMES: LazyLock<BTreeMap<String, (&'static str, Recognised)>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    for (slip, code) in MISSPELT {
        names.insert(fold(slip), (*code, Recognised::Misspelt));
    }
    for state in STATES {
        for name in [state.code, state.name].iter().chain(state.aliases) {
            names.insert(fold(name), (state.code, Recognised::Known));
        }
    }
    names
});

/// Slips found in the vote files of 2000 to 2023, and the State meant.
const MISSPELT: &[(&str, &str)] =
    &[("CHILES", "CHL"), ("LIBYA ARAB JAMAHIRIYA", "LBY"), ("COTE D IVOIRE", "CIV"), ("COTE DIVOIRE", "CIV")];

const fn state(code: &'static str, name: &'static str) -> State {
    State { code, name, aliases: &[] }
}

const fn also(code: &'static str, name: &'static str, aliases: &'static [&'static str]) -> State {
    State { code, name, aliases }
}

/// The 193 Members of the United Nations and its two permanent observers that are States, by code of
/// ISO 3166-1, with the English name of the United Nations. A State that succeeded to the seat of
/// another is listed with the earlier name.
const STATES: &[State] = &[
    state("AFG", "Afghanistan"),
    state("AGO", "Angola"),
    state("ALB", "Albania"),
    state("AND", "Andorra"),
    state("ARE", "United Arab Emirates"),
    state("ARG", "Argentina"),
    state("ARM", "Armenia"),
    state("ATG", "Antigua and Barbuda"),
    state("AUS", "Australia"),
    state("AUT", "Austria"),
    state("AZE", "Azerbaijan"),
    state("BDI", "Burundi"),
    state("BEL", "Belgium"),
    also("BEN", "Benin", &["DAHOMEY"]),
    also("BFA", "Burkina Faso", &["UPPER VOLTA"]),
    state("BGD", "Bangladesh"),
    state("BGR", "Bulgaria"),
    state("BHR", "Bahrain"),
    state("BHS", "Bahamas"),
    state("BIH", "Bosnia and Herzegovina"),
    also("BLR", "Belarus", &["BYELORUSSIAN SOVIET SOCIALIST REPUBLIC", "BYELORUSSIAN SSR"]),
    state("BLZ", "Belize"),
    also("BOL", "Bolivia (Plurinational State of)", &["BOLIVIA", "PLURINATIONAL STATE OF BOLIVIA"]),
    state("BRA", "Brazil"),
    state("BRB", "Barbados"),
    state("BRN", "Brunei Darussalam"),
    state("BTN", "Bhutan"),
    state("BWA", "Botswana"),
    state("CAF", "Central African Republic"),
    state("CAN", "Canada"),
    state("CHE", "Switzerland"),
    state("CHL", "Chile"),
    also("CHN", "China", &["PEOPLE'S REPUBLIC OF CHINA"]),
    also("CIV", "Côte d'Ivoire", &["IVORY COAST"]),
    state("CMR", "Cameroon"),
    also("COD", "Democratic Republic of the Congo", &["ZAIRE"]),
    also("COG", "Congo", &["REPUBLIC OF THE CONGO"]),
    state("COL", "Colombia"),
    state("COM", "Comoros"),
    also("CPV", "Cabo Verde", &["CAPE VERDE"]),
    state("CRI", "Costa Rica"),
    state("CUB", "Cuba"),
    state("CYP", "Cyprus"),
    also("CZE", "Czechia", &["CZECH REPUBLIC"]),
    also("DEU", "Germany", &["GERMANY, FEDERAL REPUBLIC OF", "FEDERAL REPUBLIC OF GERMANY"]),
    state("DJI", "Djibouti"),
    state("DMA", "Dominica"),
    state("DNK", "Denmark"),
    state("DOM", "Dominican Republic"),
    state("DZA", "Algeria"),
    state("ECU", "Ecuador"),
    also("EGY", "Egypt", &["UNITED ARAB REPUBLIC"]),
    state("ERI", "Eritrea"),
    state("ESP", "Spain"),
    state("EST", "Estonia"),
    state("ETH", "Ethiopia"),
    state("FIN", "Finland"),
    state("FJI", "Fiji"),
    state("FRA", "France"),
    also("FSM", "Micronesia (Federated States of)", &["FEDERATED STATES OF MICRONESIA", "MICRONESIA"]),
    state("GAB", "Gabon"),
    also(
        "GBR",
        "United Kingdom",
        &["UNITED KINGDOM OF GREAT BRITAIN AND NORTHERN IRELAND", "UNITED KINGDOM OF GREAT BRITAIN & NORTHERN IRELAND"],
    ),
    state("GEO", "Georgia"),
    state("GHA", "Ghana"),
    state("GIN", "Guinea"),
    also("GMB", "Gambia", &["GAMBIA (REPUBLIC OF THE)", "THE GAMBIA"]),
    state("GNB", "Guinea-Bissau"),
    state("GNQ", "Equatorial Guinea"),
    state("GRC", "Greece"),
    state("GRD", "Grenada"),
    state("GTM", "Guatemala"),
    state("GUY", "Guyana"),
    state("HND", "Honduras"),
    state("HRV", "Croatia"),
    state("HTI", "Haiti"),
    state("HUN", "Hungary"),
    state("IDN", "Indonesia"),
    state("IND", "India"),
    state("IRL", "Ireland"),
    also("IRN", "Iran (Islamic Republic of)", &["ISLAMIC REPUBLIC OF IRAN", "IRAN"]),
    state("IRQ", "Iraq"),
    state("ISL", "Iceland"),
    state("ISR", "Israel"),
    state("ITA", "Italy"),
    state("JAM", "Jamaica"),
    state("JOR", "Jordan"),
    state("JPN", "Japan"),
    state("KAZ", "Kazakhstan"),
    state("KEN", "Kenya"),
    state("KGZ", "Kyrgyzstan"),
    state("KHM", "Cambodia"),
    state("KIR", "Kiribati"),
    state("KNA", "Saint Kitts and Nevis"),
    also("KOR", "Republic of Korea", &["SOUTH KOREA"]),
    state("KWT", "Kuwait"),
    also("LAO", "Lao People's Democratic Republic", &["LAOS"]),
    state("LBN", "Lebanon"),
    state("LBR", "Liberia"),
    also("LBY", "Libya", &["LIBYAN ARAB JAMAHIRIYA", "LIBYAN ARAB REPUBLIC"]),
    state("LCA", "Saint Lucia"),
    state("LIE", "Liechtenstein"),
    also("LKA", "Sri Lanka", &["CEYLON"]),
    state("LSO", "Lesotho"),
    state("LTU", "Lithuania"),
    state("LUX", "Luxembourg"),
    state("LVA", "Latvia"),
    state("MAR", "Morocco"),
    state("MCO", "Monaco"),
    also("MDA", "Republic of Moldova", &["MOLDOVA"]),
    state("MDG", "Madagascar"),
    state("MDV", "Maldives"),
    state("MEX", "Mexico"),
    state("MHL", "Marshall Islands"),
    also("MKD", "North Macedonia", &["THE FORMER YUGOSLAV REPUBLIC OF MACEDONIA"]),
    state("MLI", "Mali"),
    state("MLT", "Malta"),
    also("MMR", "Myanmar", &["BURMA"]),
    state("MNE", "Montenegro"),
    state("MNG", "Mongolia"),
    state("MOZ", "Mozambique"),
    state("MRT", "Mauritania"),
    state("MUS", "Mauritius"),
    state("MWI", "Malawi"),
    state("MYS", "Malaysia"),
    state("NAM", "Namibia"),
    state("NER", "Niger"),
    state("NGA", "Nigeria"),
    state("NIC", "Nicaragua"),
    also("NLD", "Netherlands (Kingdom of the)", &["NETHERLANDS", "KINGDOM OF THE NETHERLANDS"]),
    state("NOR", "Norway"),
    state("NPL", "Nepal"),
    state("NRU", "Nauru"),
    state("NZL", "New Zealand"),
    state("OMN", "Oman"),
    state("PAK", "Pakistan"),
    state("PAN", "Panama"),
    state("PER", "Peru"),
    state("PHL", "Philippines"),
    state("PLW", "Palau"),
    state("PNG", "Papua New Guinea"),
    state("POL", "Poland"),
    also("PRK", "Democratic People's Republic of Korea", &["NORTH KOREA"]),
    state("PRT", "Portugal"),
    state("PRY", "Paraguay"),
    also("PSE", "State of Palestine", &["PALESTINE"]),
    state("QAT", "Qatar"),
    state("ROU", "Romania"),
    also("RUS", "Russian Federation", &["UNION OF SOVIET SOCIALIST REPUBLICS", "USSR", "RUSSIA"]),
    state("RWA", "Rwanda"),
    state("SAU", "Saudi Arabia"),
    state("SDN", "Sudan"),
    state("SEN", "Senegal"),
    state("SGP", "Singapore"),
    state("SLB", "Solomon Islands"),
    state("SLE", "Sierra Leone"),
    state("SLV", "El Salvador"),
    state("SMR", "San Marino"),
    state("SOM", "Somalia"),
    also("SRB", "Serbia", &["SERBIA AND MONTENEGRO"]),
    state("SSD", "South Sudan"),
    state("STP", "Sao Tome and Principe"),
    state("SUR", "Suriname"),
    state("SVK", "Slovakia"),
    state("SVN", "Slovenia"),
    state("SWE", "Sweden"),
    also("SWZ", "Eswatini", &["SWAZILAND"]),
    state("SYC", "Seychelles"),
    also("SYR", "Syrian Arab Republic", &["SYRIA"]),
    state("TCD", "Chad"),
    state("TGO", "Togo"),
    state("THA", "Thailand"),
    state("TJK", "Tajikistan"),
    state("TKM", "Turkmenistan"),
    state("TLS", "Timor-Leste"),
    state("TON", "Tonga"),
    state("TTO", "Trinidad and Tobago"),
    state("TUN", "Tunisia"),
    also("TUR", "Türkiye", &["TURKEY"]),
    state("TUV", "Tuvalu"),
    also("TZA", "United Republic of Tanzania", &["TANZANIA"]),
    state("UGA", "Uganda"),
    also("UKR", "Ukraine", &["UKRAINIAN SOVIET SOCIALIST REPUBLIC", "UKRAINIAN SSR"]),
    state("URY", "Uruguay"),
    also("USA", "United States", &["UNITED STATES OF AMERICA"]),
    state("UZB", "Uzbekistan"),
    also("VAT", "Holy See", &["HOLY SEE (VATICAN CITY STATE)"]),
    state("VCT", "Saint Vincent and the Grenadines"),
    also("VEN", "Venezuela (Bolivarian Republic of)", &["BOLIVARIAN REPUBLIC OF VENEZUELA", "VENEZUELA"]),
    state("VNM", "Viet Nam"),
    state("VUT", "Vanuatu"),
    state("WSM", "Samoa"),
    state("YEM", "Yemen"),
    state("ZAF", "South Africa"),
    state("ZMB", "Zambia"),
    state("ZWE", "Zimbabwe"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn check(name: &str, code: &str, how: Recognised) {
        let (member, recognised) = Member::recognise(name);
        assert_eq!((member.code(), recognised), (Some(code), how), "{name:?}");
    }

    #[test]
    fn names_of_the_vote_files_give_one_code_each() {
        for (name, code) in [
            ("UNITED KINGDOM", "GBR"),
            ("United Kingdom of Great Britain and Northern Ireland", "GBR"),
            ("SYRIAN ARAB REPUBLIC", "SYR"),
            ("RUSSIAN FEDERATION", "RUS"),
            ("Union of Soviet Socialist Republics", "RUS"),
            ("LIBYAN ARAB JAMAHIRIYA", "LBY"),
            ("LIBYA", "LBY"),
            ("BOLIVIA (PLURINATIONAL STATE OF)", "BOL"),
            ("CÔTE D'IVOIRE", "CIV"),
            ("CÔTE D’IVOIRE", "CIV"),
            ("COTE D'IVOIRE", "CIV"),
            ("Co\u{302}te d'Ivoire", "CIV"),
            ("CÔTE. D'IVOIRE", "CIV"),
            ("TÜRKİYE", "TUR"),
            ("TÜRKIYE", "TUR"),
            ("TURKEY", "TUR"),
            ("UNITED STATES ", "USA"),
            ("United\u{a0}States of America", "USA"),
            ("NETHERLANDS (KINGDOM OF THE)", "NLD"),
            ("KEN", "KEN"),
        ] {
            check(name, code, Recognised::Known);
        }
    }

    #[test]
    fn a_known_slip_is_read_and_said_to_be_one() {
        check("CHILEs", "CHL", Recognised::Misspelt);
        check("LIBYA ARAB JAMAHIRIYA", "LBY", Recognised::Misspelt);
    }

    #[test]
    fn a_name_in_no_table_is_kept_as_given() {
        let (member, how) = Member::recognise(" Ruritania ");
        assert_eq!((member.name(), member.code(), how), ("Ruritania", None, Recognised::Unknown));
        let text = serde_json::to_string(&member).unwrap();
        assert_eq!(serde_json::from_str::<Member>(&text).unwrap(), member);
    }

    #[test]
    fn the_table_holds_193_members_and_two_observers_without_a_name_twice() {
        assert_eq!(STATES.len(), 195);
        assert!(STATES.windows(2).all(|pair| pair[0].code < pair[1].code));
        let names: Vec<String> = STATES
            .iter()
            .flat_map(|s| [s.code, s.name].iter().chain(s.aliases).map(|n| fold(n)).collect::<Vec<_>>())
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(STATES.iter().flat_map(|s| s.aliases).all(|alias| fold(alias) == **alias));
    }

    #[test]
    fn the_permanent_members_are_five() {
        let names: Vec<String> = Member::permanent().map(|m| m.to_string()).collect();
        assert_eq!(names, ["China", "France", "Russian Federation", "United Kingdom", "United States"]);
        assert!(Member::permanent().all(|m| m.is_permanent()));
        assert!(!Member::from_code("KEN").unwrap().is_permanent());
    }
}
