package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The checked rows of one file, by index from 0; each is parsed when it is asked for. */
public final class Dataset implements AutoCloseable {
  private final Path file;
  private final RowReader reader;
  private final RowStore rows;
  private final int[] numbers;
  private final BitSet doubtful;
  private final boolean onlyTexts;
  private final Fingerprint fingerprint;

  Dataset(Path file, ReadOptions options, RowStore rows, RowCheck check, String fileHash) {
    this.file = file;
    this.reader = new RowReader(options);
    this.rows = rows;
    this.numbers = check.numbers();
    this.doubtful = check.doubtful();
    this.onlyTexts = check.onlyTexts();
    this.fingerprint = new Fingerprint(fileHash, check.samplesDigest(), rows.size());
  }

  /** How many samples there are. */
  public int size() {
    return rows.size();
  }

  /** The sample at an index. */
  public Sample sample(int index) {
    List<String> problems = new ArrayList<>();
    return reader
        .read(row(index), numbers[index], problems)
        .orElseThrow(
            () ->
                new BadInput(
                    where(index)
                        + ": the file has changed since it was opened: "
                        + String.join("; ", problems)));
  }

  /** The row as it stands in the file, passed-over fields and all. */
  public JsonNode row(int index) {
    return RowCheck.parseKept(rows.row(index));
  }

  /** File and line (in a table: row) of a sample, for messages. */
  public String where(int index) {
    return file + ", " + place(index);
  }

  /** The file that was read. */
  public Path file() {
    return file;
  }

  /** What the data is known by. */
  public Fingerprint fingerprint() {
    return fingerprint;
  }

  String place(int index) {
    return rows.place(index);
  }

  /** The row with the most bytes, which is about the longest in tokens; 0 if there is none. */
  public int longest() {
    int longest = 0;
    for (int i = 1; i < size(); i++) {
      longest = bytes(i) > bytes(longest) ? i : longest;
    }
    return longest;
  }

  /** Whether every row is a text: data for continued pretraining. */
  public boolean onlyTexts() {
    return onlyTexts;
  }

  /** The row's size in the file: no less than the UTF-8 length of its texts. */
  int bytes(int index) {
    return rows.bytes(index);
  }

  /** Whether only its tokens tell that the row has a label. */
  boolean mayLackLabels(int index) {
    return doubtful.get(index);
  }

  @Override
  public void close() {
    rows.close();
  }
}
