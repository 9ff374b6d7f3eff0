//! What machines boot: loaders, the kernel and the image, read from disk piece by piece as they are taken.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http_body_util::{Either, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use hyper::{Method, Request, StatusCode};
use rackhand_core::time::Timestamp;
use rustix::fs::OFlags;
use rustix::io::Errno;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::Http;
use super::answer::{Answered, empty, error};

/// Octets of a file that are read at once, and held for a connection that has not taken them: each read costs a trip to
/// another thread.
const PIECE: usize = 64 << 10;
/// Characters of a file's name at the most.
const NAME: usize = 64;

/// Whether this may be a file's name: one name, nothing hidden, no way out of the directory.
pub(super) fn is_name(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=NAME).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(good)
}

impl Http {
    /// A file of the directory, or the part of it that is asked for.
    pub(super) async fn file(&self, name: &str, request: &Request<Incoming>) -> Answered {
        let Some(dir) = &self.0.offers.files else {
            let what = "no files are served: name the directory of the validation image under [boot] files";
            return error(StatusCode::NOT_FOUND, what);
        };
        match open(dir, name).await {
            Ok(found) => found.answer(request).await,
            Err(e) if e.kind() == io::ErrorKind::NotFound => error(
                StatusCode::NOT_FOUND,
                &format!("{name} is not in the directory of [boot] files; what goes there is built by pxe/"),
            ),
            Err(e) => {
                tracing::warn!(name, error = %e, "a boot file cannot be read");
                error(StatusCode::INTERNAL_SERVER_ERROR, &format!("{name} cannot be read; the daemon's log says why"))
            }
        }
    }
}

/// An open file and what tells it from its other versions.
struct Found {
    file: File,
    length: u64,
    modified: Timestamp,
    tag: String,
}

async fn open(dir: &Path, name: &str) -> io::Result<Found> {
    // A link could lead to any file that the daemon may read, and a pipe would wait for its writer.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(dir.join(name)).await;
    let file = opened.map_err(|e| if e.raw_os_error() == Some(Errno::LOOP.raw_os_error()) { link(name) } else { e })?;
    let about = file.metadata().await?;
    if !about.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let since = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", since.as_micros(), about.len());
    let modified = Timestamp::from_secs(since.as_secs().cast_signed());
    Ok(Found { file, length: about.len(), modified, tag })
}

fn link(name: &str) -> io::Error {
    tracing::warn!(name, "a link in the directory of [boot] files is not followed; put the file itself there");
    io::ErrorKind::NotFound.into()
}

impl Found {
    async fn answer(mut self, request: &Request<Incoming>) -> Answered {
        let header = |name: HeaderName| request.headers().get(name).and_then(|h| h.to_str().ok());
        let date = http_date(self.modified);
        let known = |tags: &str| tags == "*" || tags.split(',').any(|t| t.trim().trim_start_matches("W/") == self.tag);
        // A part of another version would make a file that never was.
        let same = header(IF_RANGE).is_none_or(|version| version == self.tag || version == date);
        let part = header(RANGE).filter(|_| same && request.method() == Method::GET);
        let mut answer = if header(IF_NONE_MATCH).is_some_and(known) {
            empty(StatusCode::NOT_MODIFIED)
        } else {
            match part.map_or(Part::Whole, |range| Part::parse(range, self.length)) {
                Part::Beyond => {
                    let mut answer = error(StatusCode::RANGE_NOT_SATISFIABLE, "the file is shorter");
                    set(&mut answer, CONTENT_RANGE, &format!("bytes */{}", self.length));
                    return answer;
                }
                Part::Whole => {
                    let mut answer = empty(StatusCode::OK);
                    set(&mut answer, CONTENT_LENGTH, &self.length.to_string());
                    if request.method() == Method::GET {
                        *answer.body_mut() = pieces(self.file, self.length);
                    }
                    answer
                }
                Part::Of(first, last) => {
                    if self.file.seek(SeekFrom::Start(first)).await.is_err() {
                        return error(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read from there");
                    }
                    let mut answer = empty(StatusCode::PARTIAL_CONTENT);
                    set(&mut answer, CONTENT_LENGTH, &(last - first + 1).to_string());
                    set(&mut answer, CONTENT_RANGE, &format!("bytes {first}-{last}/{}", self.length));
                    *answer.body_mut() = pieces(self.file, last - first + 1);
                    answer
                }
            }
        };
        set(&mut answer, ETAG, &self.tag);
        set(&mut answer, LAST_MODIFIED, &date);
        set(&mut answer, ACCEPT_RANGES, "bytes");
        set(&mut answer, CONTENT_TYPE, "application/octet-stream");
        answer
    }
}

fn set(answer: &mut Answered, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Which part of a file is asked for (RFC 9110, 14). More than one part is given as the whole, which is allowed.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// First and last octet.
    Of(u64, u64),
    Beyond,
}

impl Part {
    fn parse(range: &str, length: u64) -> Self {
        let Some((first, last)) = range.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
            return Self::Whole;
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
        let end = length.saturating_sub(1);
        match (digits(first), digits(last)) {
            (Some(first), Some(last)) if last < first => Self::Whole,
            (Some(first), _) if first >= length && (last.is_empty() || digits(last).is_some()) => Self::Beyond,
            (Some(first), Some(last)) => Self::Of(first, last.min(end)),
            (Some(first), None) if last.is_empty() => Self::Of(first, end),
            (None, Some(0)) if first.is_empty() => Self::Beyond,
            (None, Some(_)) if first.is_empty() && length == 0 => Self::Beyond,
            (None, Some(most)) if first.is_empty() => Self::Of(length.saturating_sub(most), end),
            _ => Self::Whole,
        }
    }
}

/// So many octets of a file from where it stands. The next piece is read when the last has been taken.
fn pieces(file: File, length: u64) -> super::answer::Body {
    let read = futures::stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        let mut piece = BytesMut::with_capacity(most);
        file.read_buf(&mut piece).await?;
        piece.truncate(most);
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let left = left - piece.len() as u64;
        Ok(Some((Frame::data(Bytes::from(piece)), (file, left))))
    });
    Either::Right(StreamBody::new(read.boxed()))
}

/// A date as HTTP writes it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = at.as_micros().div_euclid(86_400_000_000).rem_euclid(7) as usize;
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|m| MONTHS.get(m.wrapping_sub(1)).copied());
    format!("{}, {} {} {} {} GMT", DAYS[day], part(8, 10), month.unwrap_or_default(), part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_name_and_nothing_hidden() {
        for good in ["vmlinuz", "image", "ipxe-x86_64.efi", "a"] {
            assert!(is_name(good), "{good}");
        }
        let long = "a".repeat(NAME + 1);
        for bad in ["", ".", "..", ".ssh", "a/b", "../x", "%2e%2e", "a\\b", "a b", "a\0", "ä", &long] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn ranges_are_read_as_http_writes_them() {
        use Part::{Beyond, Of, Whole};
        for (range, part) in [
            ("bytes=0-0", Of(0, 0)),
            ("bytes=0-", Of(0, 99)),
            ("bytes=90-200", Of(90, 99)),
            ("bytes=-10", Of(90, 99)),
            ("bytes=-1000", Of(0, 99)),
            ("bytes=100-", Beyond),
            ("bytes=100-200", Beyond),
            ("bytes=-0", Beyond),
            ("bytes=5-4", Whole),
            ("bytes=0-1,5-6", Whole),
            ("bytes=-", Whole),
            ("bytes=a-b", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=99999999999999999999-", Whole),
            ("lines=1-2", Whole),
        ] {
            assert_eq!(Part::parse(range, 100), part, "{range}");
        }
        assert_eq!(Part::parse("bytes=0-", 0), Beyond);
        assert_eq!(Part::parse("bytes=-5", 0), Beyond);
    }

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(http_date(Timestamp::from_secs(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(Timestamp::from_secs(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
