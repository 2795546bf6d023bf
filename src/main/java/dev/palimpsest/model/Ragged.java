package dev.palimpsest.model;

import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Several sequences end to end, without padding. A sequence sees itself alone, or first the rows of
 * an earlier one that it continues, so that a shared prompt is computed once.
 *
 * @param ids of all rows
 * @param segments in the order of their rows, covering all of them
 */
public record Ragged(int[] ids, List<Segment> segments) {

  /**
   * Consecutive rows of one sequence.
   *
   * @param start first row
   * @param length rows
   * @param parent index of the segment that this one continues, or itself for none
   */
  public record Segment(int start, int length, int parent) {}

  /** Checks that the segments cover the rows. */
  public Ragged {
    segments = List.copyOf(segments);
    int row = 0;
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      if (segment.start != row || segment.length < 1 || segment.parent > i || segment.parent < 0) {
        throw new IllegalArgumentException("segment " + i + " does not follow: " + segment);
      }
      row += segment.length;
    }
    if (row != ids.length) {
      throw new IllegalArgumentException(row + " rows in segments, " + ids.length + " ids");
    }
  }

  /** One sequence. */
  public static Ragged of(int[] ids) {
    return of(List.of(ids));
  }

  /** Sequences that do not see each other. */
  public static Ragged of(List<int[]> sequences) {
    Builder builder = new Builder();
    sequences.forEach(builder::add);
    return builder.build();
  }

  /** Adds sequences one by one. */
  public static final class Builder {
    private final List<int[]> parts = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private int rows;

    /** Adds a sequence of its own; returns its segment's index. */
    public int add(int[] ids) {
      return add(ids, segments.size());
    }

    /** Adds a sequence that continues an earlier segment; returns its segment's index. */
    public int add(int[] ids, int parent) {
      segments.add(new Segment(rows, ids.length, parent));
      parts.add(ids);
      rows += ids.length;
      return segments.size() - 1;
    }

    /** Rows so far. */
    public int rows() {
      return rows;
    }

    public Ragged build() {
      int[] ids = new int[rows];
      for (int i = 0; i < parts.size(); i++) {
        System.arraycopy(parts.get(i), 0, ids, segments.get(i).start, parts.get(i).length);
      }
      return new Ragged(ids, segments);
    }
  }

  /** Rows in all. */
  public int rows() {
    return ids.length;
  }

  /** The position of each row in its sequence. */
  public int[] positions() {
    int[] positions = new int[ids.length];
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      int offset = segment.parent == i ? 0 : end(positions, segments.get(segment.parent));
      for (int j = 0; j < segment.length; j++) {
        positions[segment.start + j] = offset + j;
      }
    }
    return positions;
  }

  private static int end(int[] positions, Segment segment) {
    return positions[segment.start + segment.length - 1] + 1;
  }

  /** Attention within these sequences. */
  public Attention attention(ModelConfig config) {
    return (layer, q, k, v) -> {
      int window =
          config.layerTypes().get(layer) == ModelConfig.LayerType.SLIDING ? config.window() : 0;
      Heads heads = new Heads(config, q, k, v);
      List<Tensor> outputs = new ArrayList<>(segments.size());
      for (int i = 0; i < segments.size(); i++) {
        outputs.add(attend(heads, i, window));
      }
      return outputs.size() == 1 ? outputs.getFirst() : Tensor.cat(0, outputs);
    };
  }

  private Tensor attend(Heads heads, int index, int window) {
    Segment segment = segments.get(index);
    List<Segment> context = context(index);
    int columns = context.stream().mapToInt(Segment::length).sum();
    Tensor q = heads.queries(segment);
    Tensor k = heads.keys(context);
    Tensor v = heads.values(context);
    if (context.size() == 1 && (window == 0 || columns <= window)) {
      return heads.join(Functional.causalAttention(q, k, v, heads.scale()));
    }
    Tensor mask = mask(segment.length, columns, window);
    return heads.join(Functional.attention(q, k, v, mask, heads.scale()));
  }

  /** The segments that one sees, oldest first, itself last. */
  private List<Segment> context(int index) {
    ArrayList<Segment> chain = new ArrayList<>();
    int at = index;
    chain.add(segments.get(at));
    while (segments.get(at).parent != at) {
      at = segments.get(at).parent;
      chain.addFirst(segments.get(at));
    }
    return chain;
  }

  /** (rows, columns): 0 where the row sees the column, −∞ elsewhere; the last row sees the last. */
  static Tensor mask(int rows, int columns, int window) {
    float[] mask = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      int self = columns - rows + row;
      int from = row * columns;
      Arrays.fill(mask, from + self + 1, from + columns, Float.NEGATIVE_INFINITY);
      if (window > 0 && self >= window) {
        Arrays.fill(mask, from, from + self - window + 1, Float.NEGATIVE_INFINITY);
      }
    }
    return Tensor.of(mask, rows, columns);
  }

  /** Queries, keys and values of one layer, cut by segment and shared among grouped heads. */
  private record Heads(ModelConfig config, Tensor q, Tensor k, Tensor v) {
    double scale() {
      return config.queryScale();
    }

    private int group() {
      return config.heads() / config.keyValueHeads();
    }

    // (key-value heads, group, rows, dim)
    Tensor queries(Segment segment) {
      return q.narrow(1, segment.start, segment.length)
          .view(config.keyValueHeads(), group(), segment.length, config.headWidth());
    }

    Tensor keys(List<Segment> context) {
      return shared(k, context);
    }

    Tensor values(List<Segment> context) {
      return shared(v, context);
    }

    private Tensor shared(Tensor all, List<Segment> context) {
      List<Tensor> parts = new ArrayList<>(context.size());
      for (Segment segment : context) {
        parts.add(all.narrow(1, segment.start, segment.length));
      }
      Tensor joined = parts.size() == 1 ? parts.getFirst() : Tensor.cat(1, parts);
      return joined
          .unsqueeze(1)
          .expand(config.keyValueHeads(), group(), joined.size(1), config.headWidth());
    }

    // (key-value heads, group, rows, dim) to (rows, heads · dim)
    Tensor join(Tensor output) {
      long rows = output.size(2);
      return output.permute(2, 0, 1, 3).reshape(rows, (long) config.heads() * config.headWidth());
    }
  }
}
