package dev.palimpsest.generate;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Sample;
import dev.palimpsest.data.Windows;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Log-likelihoods of a file's completions or texts.
 *
 * @param nllPerToken nats, over all scored tokens
 * @param bitsPerByte over the bytes of all scored tokens
 * @param tokensPerSecond all tokens read, scored or not
 */
public record ScoreReport(
    List<Item> items, double nllPerToken, double bitsPerByte, double tokensPerSecond) {

  /**
   * One row.
   *
   * @param logprob nats
   * @param tokens scored
   * @param bytes of the scored tokens' text
   * @param greedy whether each was the likeliest
   */
  public record Item(String id, double logprob, int tokens, int bytes, boolean greedy) {}

  /**
   * Cutting of long texts.
   *
   * @param window tokens; empty for none
   * @param stride tokens that each window adds
   */
  public record Cut(OptionalInt window, OptionalInt stride) {
    /** Checks the sizes. */
    public Cut {
      if (window.isPresent() && window.getAsInt() < 2) {
        throw new BadInput("--window " + window.getAsInt() + ": give 2 or more");
      }
      if (stride.isPresent() && (window.isEmpty() || stride.getAsInt() < 1)) {
        throw new BadInput("--stride " + stride.getAsInt() + ": give 1 or more, with --window");
      }
    }
  }

  /** Scores a file; of a conversation the last answer. */
  public static ScoreReport of(
      LanguageModel model, AdaptedDecoder over, DataSpec data, Cut cut, Progress progress) {
    Encoder encoder = model.encoder(data.encoding(over.context()));
    List<Example> examples = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    try (Dataset rows = data.rows()) {
      for (int i = 0; i < rows.size(); i++) {
        Sample sample = rows.sample(i);
        ids.add(sample.id());
        if (sample instanceof Sample.Text text && cut.window.isPresent()) {
          int window = cut.window.getAsInt();
          examples.addAll(Windows.of(encoder.document(text), window, cut.stride.orElse(window)));
        } else {
          examples.add(encoder.lastAnswer(sample));
        }
      }
    }
    long start = System.nanoTime();
    List<Scorer.Scores> scores = new Scorer(over, progress).score(examples);
    double seconds = (System.nanoTime() - start) / 1e9;
    return summed(ids, items(model, examples, scores), read(examples) / seconds);
  }

  private static long read(List<Example> examples) {
    return examples.stream().mapToLong(Example::length).sum();
  }

  private static List<Item> items(
      LanguageModel model, List<Example> examples, List<Scorer.Scores> scores) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < examples.size(); i++) {
      Example example = examples.get(i);
      int bytes = 0;
      for (int j = 0; j < example.length(); j++) {
        bytes += example.label()[j] ? model.bytes(new int[] {example.ids()[j]}) : 0;
      }
      Scorer.Scores found = scores.get(i);
      items.add(
          new Item(example.id(), found.logprob(), found.logprobs().length, bytes, found.greedy()));
    }
    return items;
  }

  /** Windows of one row are added up. */
  private static ScoreReport summed(List<String> ids, List<Item> parts, double rate) {
    List<Item> items = new ArrayList<>(ids.size());
    double logprob = 0;
    long tokens = 0;
    long bytes = 0;
    int at = 0;
    for (String id : ids) {
      Item sum = new Item(id, 0, 0, 0, true);
      while (at < parts.size() && parts.get(at).id.equals(id)) {
        Item part = parts.get(at++);
        sum =
            new Item(
                id,
                sum.logprob + part.logprob,
                sum.tokens + part.tokens,
                sum.bytes + part.bytes,
                sum.greedy && part.greedy);
      }
      items.add(sum);
      logprob += sum.logprob;
      tokens += sum.tokens;
      bytes += sum.bytes;
    }
    return new ScoreReport(items, -logprob / tokens, -logprob / Math.log(2) / bytes, rate);
  }
}
