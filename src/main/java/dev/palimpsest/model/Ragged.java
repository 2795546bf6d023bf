package dev.palimpsest.model;

import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

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

  /** The same after a first segment of so many rows, which every sequence continues. */
  Ragged continuing(int rows) {
    Builder builder = new Builder();
    builder.add(new int[rows]);
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      builder.add(
          Arrays.copyOfRange(ids, segment.start, segment.start + segment.length),
          segment.parent == i ? 0 : segment.parent + 1);
    }
    return builder.build();
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
  public Attention attention(Decoder decoder) {
    ModelConfig config = decoder.config();
    if (decoder.device() != Device.CPU) {
      return padded(config, decoder.device());
    }
    List<Block> blocks = Block.of(this);
    IntFunction<List<Optional<Tensor>>> byLayer = masks(config);
    return (layer, q, k, v) -> {
      List<Optional<Tensor>> masks = byLayer.apply(layer);
      Heads heads = new Heads(config, q, k, v);
      List<Tensor> outputs = new ArrayList<>(blocks.size());
      for (int i = 0; i < blocks.size(); i++) {
        outputs.add(heads.attend(blocks.get(i), masks.get(i)));
      }
      return outputs.size() == 1 ? outputs.getFirst() : Tensor.cat(0, outputs);
    };
  }

  /** The same as few operations. */
  Attention padded(ModelConfig config, Device device) {
    List<PaddedSequences> groups = PaddedSequences.of(this, config, device);
    long kept = config.keyValueHeads();
    return (layer, q, k, v) -> {
      boolean slides = config.slides(layer);
      Tensor output = q.newZeros(q.dtype(), q.size(1), q.size(0), q.size(2));
      for (PaddedSequences group : groups) {
        Tensor queries = group.padded(q.permute(1, 0, 2), kept);
        Tensor attended =
            Functional.attention(
                queries,
                group.padded(k.permute(1, 0, 2), kept).expand(queries.shape()),
                group.padded(v.permute(1, 0, 2), kept).expand(queries.shape()),
                slides ? group.window() : null,
                config.queryScale());
        output.copyRowsFrom(group.cut(attended), group.own());
      }
      return output.view(output.size(0), output.size(1) * output.size(2));
    };
  }

  /** The masks of each layer's operations, made once for all layers of a kind. */
  IntFunction<List<Optional<Tensor>>> masks(ModelConfig config) {
    boolean slides = config.layerTypes().contains(ModelConfig.LayerType.SLIDING);
    List<Optional<Tensor>> full = masks(0);
    List<Optional<Tensor>> sliding = slides ? masks(config.window()) : full;
    return layer -> config.slides(layer) ? sliding : full;
  }

  /** The mask of each operation; empty where it is plain causal attention. */
  List<Optional<Tensor>> masks(int window) {
    return Block.of(this).stream().map(block -> block.mask(window)).toList();
  }

  /**
   * Consecutive segments whose attention is one operation: a sequence by itself, or relatives that
   * continue each other or one and the same segment before them.
   *
   * @param context segments before the block that all of it sees, oldest first
   * @param members indices of the block's own segments
   */
  private record Block(Ragged all, List<Segment> context, List<Integer> members) {
    /** Relatives are joined up to so many rows: what they do not see of each other is wasted. */
    private static final int MOST_ROWS = 256;

    static List<Block> of(Ragged all) {
      List<Block> blocks = new ArrayList<>();
      for (int i = 0; i < all.segments.size(); i++) {
        if (blocks.isEmpty() || !blocks.getLast().takes(i)) {
          blocks.add(new Block(all, all.ancestors(i), new ArrayList<>()));
        }
        blocks.getLast().members.add(i);
      }
      return blocks;
    }

    private boolean takes(int index) {
      Segment segment = all.segments.get(index);
      if (segment.parent == index || rows() + segment.length > MOST_ROWS) {
        return false;
      }
      return segment.parent >= members.getFirst()
          || (!context.isEmpty() && all.segments.get(segment.parent).equals(context.getLast()));
    }

    int start() {
      return all.segments.get(members.getFirst()).start;
    }

    int rows() {
      return members.stream().mapToInt(i -> all.segments.get(i).length).sum();
    }

    /**
     * (rows, columns): 0 where a row sees a column, −∞ elsewhere. Empty where plain causal
     * attention is meant.
     *
     * @param window a row sees so many tokens back, itself included; 0 for all
     */
    Optional<Tensor> mask(int window) {
      int own = rows();
      if (context.isEmpty() && members.size() == 1 && (window == 0 || own <= window)) {
        return Optional.empty();
      }
      int before = context.stream().mapToInt(Segment::length).sum();
      int columns = before + own;
      int[] positions = all.positions();
      float[] mask = new float[own * columns];
      Arrays.fill(mask, Float.NEGATIVE_INFINITY);
      for (int member : members) {
        List<Segment> seen = all.ancestors(member);
        Segment segment = all.segments.get(member);
        for (int i = 0; i < segment.length; i++) {
          int row = segment.start + i;
          int from = (row - start()) * columns;
          int column = 0;
          for (Segment past : seen) {
            int at = past.start >= start() ? before + past.start - start() : column;
            open(mask, from + at, past, past.length, positions, row, window);
            column += past.length;
          }
          open(
              mask,
              from + before + segment.start - start(),
              segment,
              i + 1,
              positions,
              row,
              window);
        }
      }
      return Optional.of(Tensor.of(mask, own, columns));
    }

    private static void open(
        float[] mask, int at, Segment past, int length, int[] positions, int row, int window) {
      for (int i = 0; i < length; i++) {
        if (window == 0 || positions[row] - positions[past.start + i] < window) {
          mask[at + i] = 0;
        }
      }
    }
  }

  /** The segments that one continues, oldest first. */
  List<Segment> ancestors(int index) {
    ArrayList<Segment> chain = new ArrayList<>();
    for (int at = index; segments.get(at).parent != at; at = segments.get(at).parent) {
      chain.addFirst(segments.get(segments.get(at).parent));
    }
    return chain;
  }

  /** Queries, keys and values of one layer, cut by block and shared among grouped heads. */
  private record Heads(ModelConfig config, Tensor q, Tensor k, Tensor v) {

    Tensor attend(Block block, Optional<Tensor> mask) {
      int rows = block.rows();
      Tensor queries =
          q.narrow(1, block.start(), rows)
              .view(config.keyValueHeads(), group(), rows, config.headWidth());
      Tensor keys = shared(k, block);
      Tensor values = shared(v, block);
      double scale = config.queryScale();
      Tensor output =
          mask.map(m -> Functional.attention(queries, keys, values, m, scale))
              .orElseGet(() -> Functional.causalAttention(queries, keys, values, scale));
      return output.permute(2, 0, 1, 3).reshape(rows, (long) config.heads() * config.headWidth());
    }

    private int group() {
      return config.heads() / config.keyValueHeads();
    }

    // (key-value heads, group, columns, dim); the group's heads are one and the same memory
    private Tensor shared(Tensor all, Block block) {
      Tensor own = all.narrow(1, block.start(), block.rows());
      List<Tensor> parts = new ArrayList<>(block.context.size() + 1);
      block.context.forEach(past -> parts.add(all.narrow(1, past.start, past.length)));
      parts.add(own);
      Tensor joined = parts.size() == 1 ? own : Tensor.cat(1, parts);
      return joined
          .unsqueeze(1)
          .expand(config.keyValueHeads(), group(), joined.size(1), config.headWidth());
    }
  }
}
