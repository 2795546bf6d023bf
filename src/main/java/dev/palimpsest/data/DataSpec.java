package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Data as a user names it, with how its rows become examples.
 *
 * @param file JSONL, Parquet or CSV
 * @param map texts such as {@code prompt=question}
 * @param extra fields that are passed over
 * @param system goes before conversations that have no system turn
 * @param form through the chat template, or joined as they are
 * @param maxLength most tokens of an example, 0 for the model's context; of a window of joined
 *     texts, 0 for {@link JoinedText#LENGTH}
 * @param overlong what happens to longer ones
 */
public record DataSpec(
    Path file,
    List<String> map,
    List<String> extra,
    Optional<String> system,
    Encoder.Form form,
    int maxLength,
    Encoder.Overlong overlong) {
  static final String NOTHING_CUT =
      "--truncate: texts are joined and cut into windows, and nothing of them is lost; leave it"
          + " out";

  /** Copies the lists. */
  public DataSpec {
    map = List.copyOf(map);
    extra = List.copyOf(extra);
  }

  /** A file whose fields have our names, through the chat template. */
  public static DataSpec of(Path file) {
    return new DataSpec(
        file,
        List.of(),
        List.of(),
        Optional.empty(),
        Encoder.Form.TEMPLATE,
        0,
        Encoder.Overlong.REFUSE);
  }

  /** The same settings for another file. */
  public DataSpec withFile(Path other) {
    return new DataSpec(other, map, extra, system, form, maxLength, overlong);
  }

  /** How the file is read. */
  public ReadOptions reading(ReadOptions.Purpose purpose) {
    return ReadOptions.parse(map, extra, purpose);
  }

  /**
   * Opens the file for examples with answers.
   *
   * @throws dev.palimpsest.run.BadInput naming the rows that are none
   */
  public Dataset rows() {
    return SampleReader.read(file, reading(ReadOptions.Purpose.ANSWERS));
  }

  /** How its rows become examples of a model with such a context. */
  public Encoder.Options encoding(int context) {
    return new Encoder.Options(system, form, maxLength == 0 ? context : maxLength, overlong);
  }

  /** How texts become whole documents, for {@link JoinedText}. */
  public Encoder.Options wholeTexts() {
    if (overlong == Encoder.Overlong.TRUNCATE) {
      throw new BadInput(file + ": " + NOTHING_CUT);
    }
    return new Encoder.Options(system, form, Integer.MAX_VALUE, overlong);
  }

  /** Most tokens of a window of joined texts. */
  public int window(int context) {
    if (maxLength > context) {
      throw new BadInput(
          "--max-length %d: windows of joined texts have at most the model's context of %d tokens"
              .formatted(maxLength, context));
    }
    return maxLength == 0 ? Math.min(JoinedText.LENGTH, context) : maxLength;
  }
}
