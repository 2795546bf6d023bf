package dev.palimpsest;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Encoder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file of rows and how they become examples. Rows have {@code messages}, {@code prompt} and
 * {@code completion}, or {@code text}, and may have {@code id} and {@code slice}; other fields are
 * refused unless they are passed over by name. A value: each method returns another one; the file
 * is read when it is used.
 */
public final class Data {
  private final DataSpec spec;

  private Data(DataSpec spec) {
    this.spec = spec;
  }

  /**
   * Data whose fields have our names, whose prompts and messages go through the model's chat
   * template (if it has one), and whose rows must not be longer than the model's context.
   *
   * @param file JSONL, Parquet, CSV or TSV
   * @return the data
   */
  public static Data of(Path file) {
    return new Data(DataSpec.of(file.toAbsolutePath()));
  }

  /** Settings of prompts that come from no file. */
  static DataSpec plain() {
    return DataSpec.of(Path.of(""));
  }

  /**
   * Reads a field under another name.
   *
   * @param field ours: messages, prompt, completion, text, id or slice
   * @param inTheFile the file's name for it
   * @return this data, read so
   */
  public Data map(String field, String inTheFile) {
    return new Data(
        new DataSpec(
            spec.file(),
            Stream.concat(spec.map().stream(), Stream.of(field + "=" + inTheFile)).toList(),
            spec.extra(),
            spec.system(),
            spec.form(),
            spec.maxLength(),
            spec.overlong()));
  }

  /**
   * Passes over a field that is none of ours.
   *
   * @param field of the file
   * @return this data, read so
   */
  public Data passOver(String field) {
    return new Data(
        new DataSpec(
            spec.file(),
            spec.map(),
            Stream.concat(spec.extra().stream(), Stream.of(field)).toList(),
            spec.system(),
            spec.form(),
            spec.maxLength(),
            spec.overlong()));
  }

  /**
   * Begins conversations that have no system prompt with one.
   *
   * @param text of the prompt
   * @return this data, read so
   */
  public Data system(String text) {
    return new Data(
        new DataSpec(
            spec.file(),
            spec.map(),
            spec.extra(),
            Optional.of(text),
            spec.form(),
            spec.maxLength(),
            spec.overlong()));
  }

  /**
   * Joins prompt and completion as they are, without a chat template.
   *
   * @return this data, read so
   */
  public Data raw() {
    return new Data(
        new DataSpec(
            spec.file(),
            spec.map(),
            spec.extra(),
            spec.system(),
            Encoder.Form.RAW,
            spec.maxLength(),
            spec.overlong()));
  }

  /**
   * Refuses rows that are longer.
   *
   * @param tokens at most, 2 or more
   * @return this data, read so
   */
  public Data refuseBeyond(int tokens) {
    return limited(tokens, Encoder.Overlong.REFUSE);
  }

  /**
   * Cuts the end off rows that are longer.
   *
   * @param tokens at most, 2 or more
   * @return this data, read so
   */
  public Data truncateTo(int tokens) {
    return limited(tokens, Encoder.Overlong.TRUNCATE);
  }

  private Data limited(int tokens, Encoder.Overlong overlong) {
    if (tokens < 2) {
      throw new IllegalArgumentException("a limit of " + tokens + " tokens: give 2 or more");
    }
    return new Data(
        new DataSpec(
            spec.file(), spec.map(), spec.extra(), spec.system(), spec.form(), tokens, overlong));
  }

  DataSpec spec() {
    return spec;
  }
}
