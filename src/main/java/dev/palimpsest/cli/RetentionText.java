package dev.palimpsest.cli;

import dev.palimpsest.tune.LossCheck;
import dev.palimpsest.tune.Retention;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a run under a limit lost, for people. */
final class RetentionText {
  private RetentionText() {}

  /**
   * Lines.
   *
   * @param kept the step whose state was written
   */
  static String of(Retention retention, long kept) {
    StringBuilder out = new StringBuilder();
    retention
        .overAt()
        .ifPresent(
            step ->
                out.append(
                    "%nended at step %d, over the limit of %s %%: lost %s"
                        .formatted(
                            step,
                            percent(retention.limit()),
                            losses(over(retention.last(), retention)))));
    if (kept == 0) {
      out.append(
          "%nkept is what the run began with: take a lower --lr, or look more often by --eval-every"
              .formatted());
    }
    out.append("%nlost, on the other half of the items: ".formatted());
    out.append(losses(retention.product()));
    if (!over(retention.product(), retention).isEmpty()) {
      out.append("; there it is over the limit: decide on more items, or limit more");
    }
    return out.toString();
  }

  private static List<LossCheck.Loss> over(List<LossCheck.Loss> losses, Retention retention) {
    return losses.stream().filter(each -> each.loss() > retention.limit()).toList();
  }

  private static String losses(List<LossCheck.Loss> losses) {
    return losses.stream().map(RetentionText::loss).collect(Collectors.joining(", "));
  }

  private static String loss(LossCheck.Loss loss) {
    String interval =
        loss.lossCi95()
            .map(i -> " (%s … %s)".formatted(percent(i.getFirst()), percent(i.getLast())))
            .orElse("");
    return "%s %s %%%s of %d".formatted(loss.probe(), percent(loss.loss()), interval, loss.items());
  }

  private static String percent(double fraction) {
    return String.format(Locale.ROOT, "%.2f", 100 * fraction);
  }
}
