package dev.palimpsest.run;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Small text files that users name. */
public final class TextFile {
  private TextFile() {}

  /**
   * All of a file's text.
   *
   * @throws BadInput if there is no such file, it is a folder, or not UTF-8
   * @throws EnvironmentFailure if it cannot be read
   */
  public static String read(Path file) {
    if (Files.isDirectory(file)) {
      throw new BadInput(file + ": is a folder, not a file");
    }
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new BadInput(file + ": no such file", e);
    } catch (MalformedInputException e) {
      throw new BadInput(file + ": not UTF-8 text", e);
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be read", e);
    }
  }
}
