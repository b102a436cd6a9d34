//! XML of office files: elements, attributes, text. No document type, no entities but the five of XML, no
//! other encoding than UTF-8, bounded depth and bounded pieces.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::{BytesEnd, BytesStart, Event};

use crate::Limits;
use crate::archive::{Part, Refused, refusal};
use crate::note::message;

/// A tag has few attributes; checking each against each is quadratic, so their number is bounded.
const ATTRIBUTES: usize = 100;

/// What the XML is made of, as far as tables are concerned. An empty element opens and closes.
#[derive(Debug)]
pub(crate) enum Token<'a> {
    Open(Element<'a>),
    Close(BytesEnd<'a>),
    Text(Cow<'a, str>),
    /// Comments and the like.
    Other,
    End,
}

/// An element that opens.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    start: BytesStart<'a>,
    part: &'a str,
}

/// Reads one part of an archive.
pub(crate) struct Xml<'a> {
    reader: Reader<Bounded<'a>>,
    buffer: Vec<u8>,
    part: String,
    depth: usize,
    depth_limit: usize,
    piece_limit: usize,
}

impl<'a> Xml<'a> {
    pub(crate) fn new(part: Part<'a>, name: &str, limits: &Limits) -> Self {
        // A cell of the longest text, each character as a numeric reference, and some attributes.
        let piece_limit = limits.cell_chars.saturating_mul(10).saturating_add(64 << 10);
        let bounded = Bounded { inner: BufReader::new(part), left: piece_limit, part: name.to_owned() };
        let mut reader = Reader::from_reader(bounded);
        reader.config_mut().expand_empty_elements = true;
        let depth_limit = limits.xml_depth;
        Self { reader, buffer: Vec::new(), part: name.to_owned(), depth: 0, depth_limit, piece_limit }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token<'_>, Diagnostic> {
        self.reader.get_mut().left = self.piece_limit;
        self.buffer.clear();
        let part = self.part.as_str();
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| broken(&error, part))?;
        Ok(match event {
            Event::Start(start) => {
                self.depth += 1;
                if self.depth > self.depth_limit {
                    return Err(message("BW-SHEET-022", &args![part = part, limit = self.depth_limit]));
                }
                check_attributes(&start, part)?;
                Token::Open(Element { start, part })
            }
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) => Token::Other,
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Token::Close(end)
            }
            Event::Text(text) => Token::Text(text.into_inner()),
            Event::CData(text) => Token::Text(text.into_inner()),
            Event::GeneralRef(name) => Token::Text(Cow::Owned(reference(&name, part)?)),
            Event::DocType(_) => return Err(message("BW-SHEET-019", &args![part = part])),
            Event::Decl(declaration) => match declaration.encoding() {
                None => Token::Other,
                Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Token::Other,
                Some(_) => return Err(message("BW-SHEET-023", &args![part = part])),
            },
            Event::Eof if self.depth > 0 => {
                return Err(message("BW-SHEET-021", &args![part = part]).because("unexpected end"));
            }
            Event::Eof => Token::End,
        })
    }
}

impl Xml<'_> {
    /// Steps over everything up to the end of the element that opened last.
    pub(crate) fn skip(&mut self) -> Result<(), Diagnostic> {
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                Token::Open(_) => open += 1,
                Token::Close(_) => open -= 1,
                Token::End => break,
                Token::Text(_) | Token::Other => {}
            }
        }
        Ok(())
    }
}

impl Element<'_> {
    /// The full name, prefix included.
    pub(crate) fn name(&self) -> &str {
        self.start.name().into_inner()
    }

    /// The value of the attribute with this full name.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<String>, Diagnostic> {
        let bad = || message("BW-SHEET-021", &args![part = self.part]);
        for attribute in self.start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| bad().because(error))?;
            if attribute.key.into_inner() != name {
                continue;
            }
            return match unescape(&attribute.value) {
                Ok(value) => Ok(Some(value.into_owned())),
                Err(EscapeError::UnrecognizedEntity(_, entity)) => Err(undeclared(&entity, self.part)),
                Err(error) => Err(bad().because(error)),
            };
        }
        Ok(None)
    }
}

/// Refuses tags whose attributes are not well-formed, stand twice or are too many.
fn check_attributes(start: &BytesStart<'_>, part: &str) -> Result<(), Diagnostic> {
    for (index, attribute) in start.attributes().enumerate() {
        if index >= ATTRIBUTES {
            return Err(message("BW-SHEET-027", &args![part = part]));
        }
        attribute.map_err(|error| message("BW-SHEET-021", &args![part = part]).because(error))?;
    }
    Ok(())
}

/// The name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The text of `&name;`.
fn reference(name: &str, part: &str) -> Result<String, Diagnostic> {
    match unescape(&format!("&{name};")) {
        Ok(text) => Ok(text.into_owned()),
        Err(EscapeError::UnrecognizedEntity(_, entity)) => Err(undeclared(&entity, part)),
        Err(error) => Err(message("BW-SHEET-021", &args![part = part]).because(error)),
    }
}

fn undeclared(entity: &str, part: &str) -> Diagnostic {
    let entity: String = entity.chars().take(64).filter(|c| !c.is_control()).collect();
    message("BW-SHEET-020", &args![part = part, entity = entity])
}

fn broken(error: &Error, part: &str) -> Diagnostic {
    match error {
        Error::Io(error) => refusal(error, part),
        error => message("BW-SHEET-021", &args![part = part]).because(error),
    }
}

/// Lets the XML reader gather only so much for one piece: it would else keep a tag of 256 MiB in memory.
struct Bounded<'a> {
    inner: BufReader<Part<'a>>,
    left: usize,
    part: String,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Bounded<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            let refusal = message("BW-SHEET-027", &args![part = self.part]);
            return Err(io::Error::other(Refused(Box::new(refusal))));
        }
        let available = self.inner.fill_buf()?;
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}
