//! The option field (RFC 2132), its overflow into `file` and `sname`, and options in several parts (RFC 3396).

use std::net::Ipv4Addr;

use rackhand_core::text::Text;

use super::frame::Reject;

const PAD: u8 = 0;
const HOST_NAME: u8 = 12;
const LEASE_TIME: u8 = 51;
const OVERLOAD: u8 = 52;
const MESSAGE_TYPE: u8 = 53;
const SERVER_ID: u8 = 54;
const VENDOR_CLASS: u8 = 60;
const CLIENT_ARCH: u8 = 93;
const END: u8 = 255;

/// How many parts of one option are joined.
const MAX_PARTS: usize = 4;
/// How many octets of one text option are kept.
const MAX_OCTETS: usize = 255;

/// The options we use, still in the frame's bytes.
#[derive(Default)]
pub(super) struct Options<'a> {
    pub(super) message_type: Option<u8>,
    pub(super) lease_secs: Option<u32>,
    pub(super) server: Option<Ipv4Addr>,
    pub(super) arch: Option<u16>,
    pub(super) hostname: Parts<'a>,
    pub(super) vendor_class: Parts<'a>,
    overload: Option<u8>,
}

/// One option's value in the order its parts came.
#[derive(Default)]
pub(super) struct Parts<'a> {
    parts: [&'a [u8]; MAX_PARTS],
    used: usize,
}

impl<'a> Options<'a> {
    /// Reads the option field, then `file` and `sname` where option 52 says that they hold options (RFC 2131 4.1).
    pub(super) fn read(field: &'a [u8], file: &'a [u8], sname: &'a [u8]) -> Result<Self, Reject> {
        let mut options = Self::default();
        options.scan(field, true)?;
        let overload = options.overload.unwrap_or(0);
        if overload & 1 != 0 {
            options.scan(file, false)?;
        }
        if overload & 2 != 0 {
            options.scan(sname, false)?;
        }
        Ok(options)
    }

    /// A field that ends without option 255 is taken where its last option is whole: old clients leave it out.
    fn scan(&mut self, mut field: &'a [u8], may_overload: bool) -> Result<(), Reject> {
        while let Some((&code, rest)) = field.split_first() {
            match code {
                PAD => {
                    field = rest;
                    continue;
                }
                END => return Ok(()),
                _ => {}
            }
            let (&len, rest) = rest.split_first().ok_or(Reject::BadOption(code))?;
            let (value, rest) = rest.split_at_checked(usize::from(len)).ok_or(Reject::BadOption(code))?;
            field = rest;
            match code {
                HOST_NAME => self.hostname.push(value).ok_or(Reject::BadOption(code))?,
                VENDOR_CLASS => self.vendor_class.push(value).ok_or(Reject::BadOption(code))?,
                MESSAGE_TYPE => once(&mut self.message_type, code, value.try_into().map(|[v]: [u8; 1]| v))?,
                LEASE_TIME => once(&mut self.lease_secs, code, value.try_into().map(u32::from_be_bytes))?,
                SERVER_ID => once(&mut self.server, code, value.try_into().map(|v: [u8; 4]| v.into()))?,
                // A list of types; the first is the client's own (RFC 4578 2.1).
                CLIENT_ARCH if self.arch.is_none() => {
                    let first = value.first_chunk::<2>().filter(|_| value.len().is_multiple_of(2));
                    self.arch = Some(u16::from_be_bytes(*first.ok_or(Reject::BadOption(code))?));
                }
                OVERLOAD if may_overload => match *value {
                    [fields @ 1..=3] => once(&mut self.overload, code, Ok(fields))?,
                    _ => return Err(Reject::BadOption(code)),
                },
                _ => {}
            }
        }
        Ok(())
    }
}

/// Readers that see different values of one option would disagree about who has which address: a second, different
/// value is refused.
fn once<T: Copy + PartialEq>(
    slot: &mut Option<T>,
    code: u8,
    value: Result<T, std::array::TryFromSliceError>,
) -> Result<(), Reject> {
    let value = value.map_err(|_| Reject::BadOption(code))?;
    if slot.replace(value).is_some_and(|before| before != value) {
        return Err(Reject::BadOption(code));
    }
    Ok(())
}

impl<'a> Parts<'a> {
    fn push(&mut self, value: &'a [u8]) -> Option<()> {
        *self.parts.get_mut(self.used)? = value;
        self.used += 1;
        Some(())
    }

    /// The joined value without trailing NULs, which some clients send; `None` where nothing is left.
    pub(super) fn text(&self) -> Option<Text> {
        let joined;
        let whole = match self.parts.get(..self.used)? {
            [] => return None,
            [one] => one,
            several => {
                joined = several.concat();
                &*joined
            }
        };
        let whole = whole.get(..MAX_OCTETS).unwrap_or(whole);
        let len = whole.iter().rposition(|&b| b != 0)? + 1;
        Some(Text::new(&String::from_utf8_lossy(whole.get(..len)?)))
    }
}
