import tempfile
import unittest
import wave
from pathlib import Path

import finch_engine


class EngineTest(unittest.TestCase):
    def test_foreign_files_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder, "model.gguf")
            for path in ("", str(model)):
                with self.assertRaises(ValueError):
                    finch_engine.check_model(path)
            model.write_bytes(b"GGUF")
            with self.assertRaisesRegex(ValueError, "not a Finch model"):
                finch_engine.check_model(str(model))
            model.write_bytes(finch_engine.MAGIC)
            finch_engine.check_model(str(model))

    def test_wav(self):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "out.wav"))
            finch_engine.write_wav(path, b"\0\0" * 480)
            with wave.open(path) as file:
                self.assertEqual(file.getframerate(), finch_engine.SAMPLE_RATE)
                self.assertEqual(file.getnframes(), 480)


if __name__ == "__main__":
    unittest.main()
