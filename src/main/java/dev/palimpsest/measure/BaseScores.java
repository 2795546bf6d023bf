package dev.palimpsest.measure;

import dev.palimpsest.data.Draw;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Sample;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Scorer;
import dev.palimpsest.run.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The base's log-probabilities of drawn rows, and of its end tokens where their answers end. An
 * answer is scored once with every end token behind it; the scorer computes what they share once.
 */
final class BaseScores {
  /** More than this is left out, beyond the first row. */
  private static final int MOST_TOKENS = 8192;

  private final LanguageModel model;
  private final int limit;
  private final SortedSet<Integer> ends;
  private final List<Drawn> drawn = new ArrayList<>();

  /** A row's own example first, then its answer with each other end token. */
  private record Drawn(boolean answers, boolean trained, List<Example> variants) {}

  /**
   * Rows that are to be scored.
   *
   * @param limit most tokens of an example; what is cut to it has no end
   */
  BaseScores(LanguageModel model, List<Draw.Row> rows, int limit) {
    this.model = model;
    this.limit = limit;
    this.ends = new TreeSet<>(model.checkpoint().endTokens());
    int tokens = 0;
    for (Draw.Row row : rows) {
      tokens += row.example().length();
      if (drawn.isEmpty() || tokens <= MOST_TOKENS) {
        drawn.add(drawn(row));
      }
    }
  }

  /**
   * What was found.
   *
   * @param endToken empty where no row has a whole answer
   */
  record Found(InitialLoss initialLoss, Optional<EndToken> endToken) {}

  /** Scores all; there is at least one row. */
  Found score(Progress progress) {
    List<Example> all = drawn.stream().flatMap(row -> row.variants.stream()).toList();
    List<Scorer.Scores> scores = new Scorer(model.base(), progress).score(all);
    double nats = 0;
    long labels = 0;
    double stops = 0;
    int answers = 0;
    int trained = 0;
    int at = 0;
    for (Drawn row : drawn) {
      List<Scorer.Scores> own = scores.subList(at, at + row.variants.size());
      at += row.variants.size();
      nats -= own.getFirst().logprob();
      labels += own.getFirst().logprobs().length;
      if (row.answers) {
        answers++;
        trained += row.trained ? 1 : 0;
        stops += stop(row, own);
      }
    }
    double uniform = Math.log(model.decoder().config().vocabulary());
    InitialLoss loss = new InitialLoss(drawn.size(), labels, nats / labels, uniform);
    return new Found(
        loss,
        answers == 0
            ? Optional.empty()
            : Optional.of(new EndToken(answers, trained, stops / answers)));
  }

  /** P(any end token) behind the answer. */
  private static double stop(Drawn row, List<Scorer.Scores> scores) {
    double sum = 0;
    for (Scorer.Scores each : row.trained ? scores : scores.subList(1, scores.size())) {
      sum += Math.exp(each.logprobs()[each.logprobs().length - 1]);
    }
    return sum;
  }

  private Drawn drawn(Draw.Row row) {
    Example example = row.example();
    int last = example.length() - 1;
    int closing = example.ids()[last];
    boolean closes = ends.contains(closing) || model.tokenizer().special(closing);
    boolean whole = closes || example.length() < limit; // a raw pair may have nothing that closes
    boolean answers = whole && !ends.isEmpty() && !(row.sample() instanceof Sample.Text);
    boolean trained = example.label()[last] && ends.contains(closing);
    List<Example> variants = new ArrayList<>(List.of(example));
    if (answers) {
      int answer = closes ? last : example.length();
      for (int end : ends) {
        if (!(trained && end == closing)) {
          variants.add(ended(example, answer, end));
        }
      }
    }
    return new Drawn(answers, trained, variants);
  }

  private static Example ended(Example example, int answer, int end) {
    int[] ids = Arrays.copyOf(example.ids(), answer + 1);
    boolean[] label = Arrays.copyOf(example.label(), answer + 1);
    ids[answer] = end;
    label[answer] = true;
    return new Example(example.id(), ids, label);
  }
}
