import tempfile
import unittest
from pathlib import Path

import rookery_engine


class EngineTest(unittest.TestCase):
    def test_only_causal_language_models_are_accepted(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in ("", folder):
                with self.assertRaisesRegex(ValueError, "config.json"):
                    rookery_engine.check_model(path)
            config = Path(folder, "config.json")
            config.write_text('{"architectures": ["CLIPModel"]}')
            with self.assertRaisesRegex(ValueError, "causal"):
                rookery_engine.check_model(folder)
            config.write_text('{"architectures": ["TinyForCausalLM"]}')
            rookery_engine.check_model(folder)


if __name__ == "__main__":
    unittest.main()
