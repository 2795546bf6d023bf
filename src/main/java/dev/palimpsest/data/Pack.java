package dev.palimpsest.data;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Several documents end to end, without padding. A document sees only itself. Those that begin
 * alike, with one system prompt say, have their beginning in common as far as it foretells no
 * label: a part of its own that each of them continues, so that it is computed once.
 *
 * @param parts in the order of their rows
 * @param labelRows rows whose next token, in the same document, is a label; ascending
 * @param labels those next tokens
 */
@SuppressWarnings("ArrayRecordComponent") // shared, never written: one entry a token
public record Pack(List<Part> parts, int[] labelRows, int[] labels) {
  /** A shorter beginning is not worth a part. */
  static final int LEAST_SHARED = 16;

  /**
   * A document, or what it has in common with others, or the rest of it.
   *
   * @param parent index of the part that it continues, or its own
   */
  public record Part(int[] ids, int parent) {}

  public Pack {
    parts = List.copyOf(parts);
    if (labelRows.length != labels.length) {
      throw new IllegalArgumentException(
          labelRows.length + " label rows and " + labels.length + " labels");
    }
  }

  /** The examples one after another, those that begin alike side by side. */
  public static Pack of(List<Example> examples) {
    List<Part> parts = new ArrayList<>();
    IntStream.Builder labelRows = IntStream.builder();
    IntStream.Builder labels = IntStream.builder();
    int row = 0;
    for (List<Example> alike : alike(examples)) {
      int shared = shared(alike);
      int beginning = parts.size();
      if (shared > 0) {
        parts.add(new Part(Arrays.copyOf(alike.getFirst().ids(), shared), beginning));
        row += shared;
      }
      for (Example example : alike) {
        int[] rest = Arrays.copyOfRange(example.ids(), shared, example.length());
        parts.add(new Part(rest, shared > 0 ? beginning : parts.size()));
        for (int i = example.firstLabel(); i < example.length(); i++) {
          if (example.label()[i]) {
            labelRows.add(row + i - 1 - shared);
            labels.add(example.ids()[i]);
          }
        }
        row += rest.length;
      }
    }
    return new Pack(parts, labelRows.build().toArray(), labels.build().toArray());
  }

  /** In the order of the first of each group. */
  static Collection<List<Example>> alike(List<Example> examples) {
    Map<Object, List<Example>> groups = new LinkedHashMap<>();
    for (Example example : examples) {
      Object beginning =
          unlabelled(example) < LEAST_SHARED
              ? new Object()
              : IntBuffer.wrap(example.ids(), 0, LEAST_SHARED);
      groups.computeIfAbsent(beginning, _ -> new ArrayList<>()).add(example);
    }
    return groups.values();
  }

  /** Rows before the one that foretells the first label; one row is always left. */
  private static int unlabelled(Example example) {
    return Math.max(0, example.firstLabel() - 1);
  }

  /** Rows that some that begin alike have in common. */
  static int shared(List<Example> alike) {
    if (alike.size() == 1) {
      return 0;
    }
    int[] first = alike.getFirst().ids();
    int shared = unlabelled(alike.getFirst());
    for (Example other : alike) {
      shared = Math.min(shared, unlabelled(other));
      int differs = Arrays.mismatch(first, 0, shared, other.ids(), 0, shared);
      shared = differs < 0 ? shared : differs;
    }
    return shared;
  }

  /** Rows of all parts. */
  public int rows() {
    return parts.stream().mapToInt(part -> part.ids.length).sum();
  }
}
