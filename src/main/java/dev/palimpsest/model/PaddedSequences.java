package dev.palimpsest.model;

import dev.palimpsest.model.Ragged.Segment;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Sequences of about one length, so that their attention is one operation: what a sequence
 * continues stands before its own rows, and it is filled up to the longest with rows that none of
 * its own sees. For GPUs, where calls cost more than what they compute.
 *
 * @param count of sequences
 * @param longest rows of one
 * @param rows that stand in the places of all, (count · longest)
 * @param places of the sequences' own rows, sequence by sequence
 * @param own rows, in the order of the places
 * @param window (longest, longest), added to the scores where a window slides; null where it would
 *     hide nothing
 */
record PaddedSequences(
    int count, int longest, Tensor rows, Tensor places, Tensor own, @Nullable Tensor window) {

  /** All sequences, in a few groups: none is less than half as long as the longest of its group. */
  static List<PaddedSequences> of(Ragged all, ModelConfig config, Device device) {
    int[] lengths = IntStream.range(0, all.segments().size()).map(i -> length(all, i)).toArray();
    List<Integer> order =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(Comparator.comparingInt(i -> -lengths[i]))
            .toList();
    List<PaddedSequences> groups = new ArrayList<>();
    for (int from = 0; from < order.size(); ) {
      int longest = lengths[order.get(from)];
      int to = from;
      while (to < order.size() && 2 * lengths[order.get(to)] >= longest) {
        to++;
      }
      int window = config.window() < longest ? config.window() : 0;
      groups.add(group(all, order.subList(from, to), longest).on(device, window));
      from = to;
    }
    return groups;
  }

  private static int length(Ragged all, int segment) {
    return all.segments().get(segment).length()
        + all.ancestors(segment).stream().mapToInt(Segment::length).sum();
  }

  private static Places group(Ragged all, List<Integer> members, int longest) {
    int[] rows = new int[members.size() * longest];
    List<Integer> places = new ArrayList<>();
    List<Integer> own = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      int at = i * longest;
      for (Segment before : all.ancestors(members.get(i))) {
        for (int j = 0; j < before.length(); j++) {
          rows[at++] = before.start() + j;
        }
      }
      Segment segment = all.segments().get(members.get(i));
      for (int j = 0; j < segment.length(); j++) {
        places.add(at);
        own.add(segment.start() + j);
        rows[at++] = segment.start() + j;
      }
    }
    return new Places(members.size(), longest, rows, places, own);
  }

  @SuppressWarnings("ArrayRecordComponent") // read only here
  private record Places(
      int count, int longest, int[] rows, List<Integer> places, List<Integer> own) {
    PaddedSequences on(Device device, int window) {
      return new PaddedSequences(
          count,
          longest,
          Tensor.ofIndices(rows).to(device),
          Tensor.ofIndices(places).to(device),
          Tensor.ofIndices(own).to(device),
          window == 0 ? null : hiding(window).to(device));
    }

    private Tensor hiding(int window) {
      float[] mask = new float[longest * longest];
      Arrays.fill(mask, Float.NEGATIVE_INFINITY);
      for (int row = 0; row < longest; row++) {
        int from = row * longest;
        Arrays.fill(mask, from + Math.max(0, row + 1 - window), from + row + 1, 0);
      }
      return Tensor.of(mask, longest, longest);
    }
  }

  /**
   * Rows in their places.
   *
   * @param x (rows, heads, dim)
   * @param kept key-value heads
   * @return (count · kept, heads that share one, longest, dim)
   */
  Tensor padded(Tensor x, long kept) {
    return placed(x.rows(rows), kept);
  }

  /**
   * The same of what only the sequences' own rows have; 0 elsewhere.
   *
   * @param x (rows, heads, dim)
   */
  Tensor ofOwn(Tensor x, long kept) {
    Tensor places = x.newZeros(x.dtype(), (long) count * longest, x.size(1), x.size(2));
    return placed(places.copyRowsFrom(x.rows(own), this.places), kept);
  }

  private Tensor placed(Tensor places, long kept) {
    long shared = places.size(1) / kept;
    long dim = places.size(2);
    return places
        .view(count, longest, kept, shared, dim)
        .permute(0, 2, 3, 1, 4)
        .reshape(count * kept, shared, longest, dim);
  }

  /**
   * All places one after the other.
   *
   * @param y as {@link #padded} gives it
   * @return (count · longest, heads, dim)
   */
  Tensor unplaced(Tensor y) {
    long kept = y.size(0) / count;
    long dim = y.size(3);
    return y.view(count, kept, y.size(1), longest, dim)
        .permute(0, 3, 1, 2, 4)
        .reshape((long) count * longest, kept * y.size(1), dim);
  }

  /** The sequences' own rows of {@link #unplaced}. */
  Tensor cut(Tensor y) {
    return unplaced(y).rows(places);
  }
}
