package dev.palimpsest.tune;

import dev.palimpsest.run.Sha256;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.OptionalLong;

/** A limit on losses, and who tells them. */
record LossWatch(LossLimit limit, LossCheck check) {
  private static final long PIECE = 1 << 28;

  /** What parameters have lost, on the items that decide. */
  List<LossCheck.Loss> deciding(Trained trained) {
    return check.deciding(now(trained));
  }

  /**
   * What a run came to.
   *
   * @param last losses at the last evaluation
   * @param step after which that was
   * @param product the parameters that were written
   */
  Retention retention(List<LossCheck.Loss> last, long step, Trained product) {
    return new Retention(
        limit.isPassedBy(last) ? OptionalLong.of(step) : OptionalLong.empty(),
        limit.margin(),
        last,
        check.telling(now(product)));
  }

  private static LossCheck.Now now(Trained trained) {
    return new LossCheck.Now(trained.current(), hash(trained.parameters()));
  }

  private static String hash(Tensor parameters) {
    try (Scope _ = Scope.open()) {
      MemorySegment bytes = parameters.inMemory().segment();
      Sha256 hash = new Sha256();
      for (long from = 0; from < bytes.byteSize(); from += PIECE) {
        hash.update(bytes.asSlice(from, Math.min(PIECE, bytes.byteSize() - from)).asByteBuffer());
      }
      return hash.hex();
    }
  }
}
