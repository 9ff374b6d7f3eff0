//! Text for the terminal's clipboard, by OSC 52: it works through SSH, and through tmux where that is set to pass it.

/// Bytes of text sent at the most: the smallest limit among terminals is 100,000 characters of base 64 (hterm).
pub const MOST: usize = 74_994;

/// Characters of base 64 (RFC 4648).
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The sequence that puts `text` on the clipboard.
pub fn osc52(text: &str) -> Vec<u8> {
    let mut out = b"\x1b]52;c;".to_vec();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (n, b)| bits | u32::from(*b) << (16 - 8 * n));
        for n in 0..4 {
            let sextet = (bits >> (18 - 6 * n) & 63) as usize;
            out.push(if n <= chunk.len() { ALPHABET[sextet] } else { b'=' });
        }
    }
    out.extend_from_slice(b"\x1b\\");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_sent_in_base_64() {
        assert_eq!(osc52("7XK2L95"), b"\x1b]52;c;N1hLMkw5NQ==\x1b\\");
        assert_eq!(osc52("abc"), b"\x1b]52;c;YWJj\x1b\\");
        assert_eq!(osc52("ab"), b"\x1b]52;c;YWI=\x1b\\");
    }
}
