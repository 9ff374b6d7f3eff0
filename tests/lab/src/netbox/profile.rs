//! The releases that are simulated, and in what they differ. Facts from NetBox's own release notes and source.

/// A release of NetBox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// 4.2.2: v1 tokens only, no ETags, no cursors, no `omit`; GraphQL knows neither pages nor nested filters.
    V4_2,
    /// 4.6.8: both kinds of token, ETags, cursors; an interface forgets a MAC that is written to it.
    #[default]
    V4_6,
    /// 4.7.3: as 4.6; an interface takes a MAC, select fields have labels, bulk errors name their objects.
    V4_7,
}

impl Profile {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V4_2, Self::V4_6, Self::V4_7];

    /// As `status/` tells it.
    pub const fn version(self) -> &'static str {
        match self {
            Self::V4_2 => "4.2.2",
            Self::V4_6 => "4.6.8",
            Self::V4_7 => "4.7.3",
        }
    }

    /// As the `API-Version` header tells it.
    pub const fn api(self) -> &'static str {
        match self {
            Self::V4_2 => "4.2",
            Self::V4_6 => "4.6",
            Self::V4_7 => "4.7",
        }
    }

    /// Whether answers have ETags and `If-Match` guards writes (4.6).
    pub(super) fn has_etags(self) -> bool {
        self >= Self::V4_6
    }

    /// Whether `start=` is a cursor (4.6), v2 tokens exist (4.5) and `omit` works (4.5.2).
    pub(super) fn is_recent(self) -> bool {
        self >= Self::V4_6
    }

    /// Whether a MAC written to an interface is kept, and what came with that release.
    pub(super) fn is_newest(self) -> bool {
        self >= Self::V4_7
    }

    /// Whether objects of this release have the property.
    pub(super) fn has(self, path: &str, property: &str) -> bool {
        match property {
            "owner" | "profile" | "bundle" => self >= Self::V4_6,
            "is_primary" => self >= Self::V4_7,
            "_occupied" => path == super::interface::PATH,
            _ => true,
        }
    }
}
