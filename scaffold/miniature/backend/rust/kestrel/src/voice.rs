//! A voice is a file of two fields: the magic bytes and the pitch in Hz.

use std::f32::consts::TAU;

const MAGIC: &[u8] = b"KSTR";
const SAMPLE_RATE: u32 = 24_000;
const SAMPLES_PER_LETTER: u32 = SAMPLE_RATE / 20;

pub struct Voice {
    pitch: f32,
}

impl Voice {
    pub fn load(path: &str) -> Result<Self, String> {
        let data =
            std::fs::read(path).map_err(|e| format!("kestrel: cannot read {path:?}: {e}"))?;
        match data.strip_prefix(MAGIC).map(<[u8; 4]>::try_from) {
            Some(Ok(pitch)) => Ok(Self {
                pitch: f32::from_le_bytes(pitch),
            }),
            _ => Err(format!("kestrel: {path:?} is not a kestrel voice")),
        }
    }

    /// The spoken text as a WAV file.
    pub fn wav(&self, text: &str) -> Vec<u8> {
        let samples = text.chars().flat_map(|letter| {
            let step = TAU * self.pitch * (1.0 + letter as u32 as f32 / 256.0) / SAMPLE_RATE as f32;
            (0..SAMPLES_PER_LETTER).map(move |i| ((i as f32 * step).sin() * 8000.0) as i16)
        });
        let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();

        let mut wav = Vec::with_capacity(44 + data.len());
        wav.extend(b"RIFF");
        wav.extend((36 + data.len() as u32).to_le_bytes());
        wav.extend(b"WAVEfmt ");
        wav.extend(16u32.to_le_bytes());
        wav.extend(1u16.to_le_bytes()); // PCM
        wav.extend(1u16.to_le_bytes()); // mono
        wav.extend(SAMPLE_RATE.to_le_bytes());
        wav.extend((SAMPLE_RATE * 2).to_le_bytes());
        wav.extend(2u16.to_le_bytes());
        wav.extend(16u16.to_le_bytes());
        wav.extend(b"data");
        wav.extend((data.len() as u32).to_le_bytes());
        wav.extend(data);
        wav
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_refused() {
        let path = std::env::temp_dir().join(format!("kestrel-{}", std::process::id()));
        let name = path.to_str().unwrap();
        assert!(Voice::load(name).is_err());
        std::fs::write(&path, b"GGUF\0\0\0\0").unwrap();
        assert!(Voice::load(name).is_err());
        std::fs::write(&path, b"KSTR\0\0\xdc\x42").unwrap();
        assert_eq!(Voice::load(name).unwrap().pitch, 110.0);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn length_follows_the_text() {
        let voice = Voice { pitch: 110.0 };
        assert_eq!(voice.wav("").len(), 44);
        assert_eq!(
            voice.wav("ab").len(),
            44 + 2 * 2 * SAMPLES_PER_LETTER as usize
        );
    }
}
