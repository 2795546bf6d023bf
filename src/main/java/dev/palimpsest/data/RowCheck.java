package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The first pass over a file: parses every row, notes what is wrong, hashes what is right. */
final class RowCheck implements RowStore.Visitor {
  private static final char REPLACED = '\uFFFD';

  private final RowReader reader;
  private final RowProblems problems = new RowProblems();
  private final MessageDigest samples = Hashes.sha256();
  private final ByteBuffer length = ByteBuffer.allocate(Integer.BYTES);
  private int seen;
  private int kept;
  private long[] ids = new long[1024];
  private int[] numbers = new int[1024];
  private final BitSet doubtful = new BitSet();
  private int texts;

  RowCheck(ReadOptions options) {
    this.reader = new RowReader(options);
  }

  @Override
  public boolean visit(byte[] json, Supplier<String> place) {
    seen++;
    List<String> wrong = new ArrayList<>();
    JsonNode row = parse(json, wrong);
    Optional<Sample> sample = row == null ? Optional.empty() : reader.read(row, seen, wrong);
    wrong.forEach(problem -> problems.add(place.get(), problem));
    sample.ifPresent(this::keep);
    return sample.isPresent();
  }

  @Override
  public void broken(String place, String why) {
    problems.add(place, why.replaceAll("\\s+", " "));
  }

  RowProblems problems() {
    return problems;
  }

  String samplesDigest() {
    return Hashes.hex(samples);
  }

  /** For each row that is kept, its number among all rows from 1. */
  int[] numbers() {
    return Arrays.copyOf(numbers, kept);
  }

  /** The kept rows that may turn out to have no label, so that they are encoded beforehand. */
  BitSet doubtful() {
    return doubtful;
  }

  /** Whether all kept rows are texts, and there is one. */
  boolean onlyTexts() {
    return kept > 0 && texts == kept;
  }

  private static boolean mayLackLabels(Sample sample) {
    return switch (sample) {
      case Sample.Chat chat -> chat.turns().stream().noneMatch(Turn::train);
      case Sample.Pair pair -> pair.completion().isEmpty();
      case Sample.Text text -> text.text().length() < 64;
    };
  }

  /** Two rows of one name would be one row in every report; equal hashes are looked up. */
  void refuseRepeatedIds(Dataset data) {
    long[] sorted = Arrays.copyOf(ids, kept);
    Arrays.sort(sorted);
    Set<Long> repeated = new HashSet<>();
    for (int i = 1; i < kept; i++) {
      if (sorted[i] == sorted[i - 1]) {
        repeated.add(sorted[i]);
      }
    }
    if (repeated.isEmpty()) {
      return;
    }
    Map<String, Integer> first = new HashMap<>();
    for (int i = 0; i < kept; i++) {
      if (repeated.contains(ids[i])) {
        String id = data.sample(i).id();
        Integer before = first.putIfAbsent(id, i);
        if (before != null) {
          problems.add(data.place(i), "id '" + id + "' is already that of " + data.place(before));
        }
      }
    }
  }

  static JsonNode parseKept(byte[] json) {
    List<String> wrong = new ArrayList<>();
    JsonNode row = parse(json, wrong);
    if (row == null) {
      throw new BadInput(
          "the data file has changed since it was opened: " + String.join("; ", wrong));
    }
    return row;
  }

  private static @Nullable JsonNode parse(byte[] json, List<String> wrong) {
    try {
      return Json.mapper().readTree(text(json));
    } catch (CharacterCodingException e) {
      wrong.add("not UTF-8 text (byte " + (firstBad(json) + 1) + " of the row)");
    } catch (JacksonException e) {
      String at = e.getLocation() == null ? "" : " at column " + e.getLocation().getColumnNr();
      wrong.add("not JSON" + at + ": " + e.getOriginalMessage().replaceAll("\\s+", " "));
    }
    return null;
  }

  /** The quick way replaces what is no UTF-8 by U+FFFD; where there is one, the slow way looks. */
  private static String text(byte[] json) throws CharacterCodingException {
    String quick = new String(json, StandardCharsets.UTF_8);
    return quick.indexOf(REPLACED) < 0 ? quick : strict().decode(ByteBuffer.wrap(json)).toString();
  }

  private static CharsetDecoder strict() {
    return StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT);
  }

  private static int firstBad(byte[] json) {
    ByteBuffer bytes = ByteBuffer.wrap(json);
    strict().decode(bytes, CharBuffer.allocate(json.length), true);
    return bytes.position();
  }

  private void keep(Sample sample) {
    if (kept == ids.length) {
      ids = Arrays.copyOf(ids, kept + (kept >> 1));
      numbers = Arrays.copyOf(numbers, kept + (kept >> 1));
    }
    ids[kept] = Hashes.of(sample.id());
    numbers[kept] = seen;
    doubtful.set(kept, mayLackLabels(sample));
    texts += sample instanceof Sample.Text ? 1 : 0;
    kept++;
    digest(sample.id());
    digest(sample.slice().map(s -> "+" + s).orElse("-"));
    switch (sample) {
      case Sample.Chat chat -> {
        digest("chat " + chat.turns().size());
        for (Turn turn : chat.turns()) {
          digest(turn.role() + (turn.train() ? "+" : "-"));
          digest(turn.content());
        }
      }
      case Sample.Pair pair -> {
        digest("pair");
        digest(pair.prompt());
        digest(pair.completion());
      }
      case Sample.Text text -> {
        digest("text");
        digest(text.text());
      }
    }
  }

  private void digest(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    samples.update(length.putInt(0, bytes.length).array());
    samples.update(bytes);
  }
}
