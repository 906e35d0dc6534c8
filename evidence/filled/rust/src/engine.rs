//! The model: what the RPCs of `service.rs` are answered with. It writes a prompt in a font.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;

use fontdue::layout::{CoordinateSystem, Layout, LayoutSettings, TextStyle};
use fontdue::{Font, FontSettings};

use crate::proto::{GenerateImageRequest, ModelOptions};

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// How files of TrueType and OpenType fonts begin.
const SIGNATURES: [&[u8]; 3] = [b"\0\x01\0\0", b"OTTO", b"true"];

pub struct Engine {
    font: Font,
}

impl Engine {
    pub fn load(options: &ModelOptions) -> Result<Self, Error> {
        let path = &options.model_file;
        let start = read_start(path, 4).map_err(|error| format!("cannot read {path}: {error}"))?;
        if !SIGNATURES.contains(&start.as_slice()) {
            return Err(format!("{path} is no TrueType or OpenType font").into());
        }
        let font = Font::from_bytes(fs::read(path)?, FontSettings::default())
            .map_err(|error| format!("{path}: {error}"))?;
        Ok(Self { font })
    }

    /// The prompt in black on white, as rows of RGB.
    pub fn paint(
        &mut self,
        request: &GenerateImageRequest,
        width: u32,
        height: u32,
    ) -> Result<Vec<u8>, Error> {
        let mut pixels = vec![255; 3 * width as usize * height as usize];
        let mut layout = Layout::new(CoordinateSystem::PositiveYDown);
        layout.reset(&LayoutSettings {
            max_width: Some(width as f32),
            ..LayoutSettings::default()
        });
        layout.append(
            &[&self.font],
            &TextStyle::new(&request.positive_prompt, 24.0, 0),
        );
        for glyph in layout.glyphs() {
            let (shape, coverage) = self.font.rasterize_config(glyph.key);
            for (index, darkness) in coverage.into_iter().enumerate() {
                let x = glyph.x as usize + index % shape.width;
                let y = glyph.y as usize + index / shape.width;
                if x < width as usize && y < height as usize {
                    let at = 3 * (y * width as usize + x);
                    pixels[at..at + 3].fill(255 - darkness);
                }
            }
        }
        Ok(pixels)
    }
}

/// The first bytes of a regular file: to read from a pipe or a device may never end.
fn read_start(path: &str, size: u64) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut start = Vec::new();
    file.take(size).read_to_end(&mut start)?;
    Ok(start)
}
