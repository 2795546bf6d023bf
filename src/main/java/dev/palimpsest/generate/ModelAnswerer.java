package dev.palimpsest.generate;

import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Sample;
import dev.palimpsest.data.Turn;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** A model on this machine as a system under test. */
final class ModelAnswerer implements Answerer {
  private final LanguageModel model;
  private final AdaptedDecoder decoder;
  private final Encoder encoder;
  private final Progress progress;

  ModelAnswerer(LanguageModel model, AdaptedDecoder decoder, Encoder encoder, Progress progress) {
    this.model = model;
    this.decoder = decoder;
    this.encoder = encoder;
    this.progress = progress;
  }

  @Override
  public List<Answer> answer(List<Prompt> prompts, Decoding decoding) {
    Seeds seeds = new Seeds(decoding.seed());
    List<Generator.Request> requests = new ArrayList<>(prompts.size());
    for (int i = 0; i < prompts.size(); i++) {
      int[] ids = prompt(prompts.get(i));
      if (ids.length >= decoder.context()) {
        throw new BadInput(
            "prompt "
                + (i + 1)
                + ": "
                + ids.length
                + " tokens leave no room for an answer in a"
                + " context of "
                + decoder.context()
                + "; shorten it");
      }
      requests.add(
          new Generator.Request(
              ids,
              decoding.maxTokens(),
              Sampler.of(decoding, seeds.generator("prompt", i)),
              stopsAt(decoding.stop())));
    }
    List<Answer> answers = new ArrayList<>(prompts.size());
    for (Generator.Written written :
        new Generator(decoder, model.checkpoint().endTokens(), progress).write(requests)) {
      String text = model.tokenizer().decodeText(written.ids());
      answers.add(new Answer(cut(text, decoding.stop()), written.ids(), written.finish()));
    }
    return answers;
  }

  int[] prompt(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Chat chat -> encoder.prompt(sample(chat, ""));
      case Prompt.Raw raw -> {
        int[] ids = model.tokenizer().encodeDocument(raw.text());
        yield ids.length > 0 ? ids : new int[] {model.beginning()};
      }
    };
  }

  private static Sample sample(Prompt.Chat chat, String completion) {
    if (chat.messages().size() == 1 && chat.messages().getFirst().role().equals(Turn.USER)) {
      String user = chat.messages().getFirst().content();
      return new Sample.Pair("prompt", Optional.empty(), user, completion);
    }
    List<Turn> turns = new ArrayList<>();
    chat.messages().forEach(message -> turns.add(Turn.of(message.role(), message.content())));
    if (!completion.isEmpty()) {
      turns.add(Turn.of(Turn.ASSISTANT, completion));
    }
    return new Sample.Chat("prompt", Optional.empty(), turns);
  }

  private Predicate<int[]> stopsAt(List<String> stop) {
    Tokenizer tokenizer = model.tokenizer();
    return stop.isEmpty()
        ? ids -> false
        : ids -> {
          String text = tokenizer.decodeText(ids);
          return stop.stream().anyMatch(text::contains);
        };
  }

  private static String cut(String text, List<String> stop) {
    int end = text.length();
    for (String each : stop) {
      int at = text.indexOf(each);
      end = at >= 0 ? Math.min(end, at) : end;
    }
    return text.substring(0, end);
  }

  @Override
  public List<Likelihood> logLikelihoods(List<Continuation> continuations) {
    List<Example> examples = new ArrayList<>(continuations.size());
    for (Continuation continuation : continuations) {
      examples.add(example(continuation));
    }
    List<Scorer.Scores> scores = new Scorer(decoder, progress).score(examples);
    List<Likelihood> likelihoods = new ArrayList<>(scores.size());
    for (int i = 0; i < scores.size(); i++) {
      Scorer.Scores found = scores.get(i);
      likelihoods.add(
          new Likelihood(
              found.logprob(),
              found.logprobs().length,
              bytes(examples.get(i), continuations.get(i)),
              found.greedy()));
    }
    return likelihoods;
  }

  private Example example(Continuation continuation) {
    return switch (continuation.prompt()) {
      case Prompt.Chat chat -> encoder.lastAnswer(sample(chat, continuation.completion()));
      case Prompt.Raw raw when raw.text().isEmpty() ->
          encoder.document(new Sample.Text("text", Optional.empty(), continuation.completion()));
      case Prompt.Raw raw ->
          model
              .encoder(
                  new Encoder.Options(
                      Optional.empty(),
                      Encoder.Form.RAW,
                      decoder.context(),
                      Encoder.Overlong.REFUSE))
              .example(
                  new Sample.Pair("text", Optional.empty(), raw.text(), continuation.completion()));
    };
  }

  /** A chat's completion counts whole; of a text the scored tokens' own bytes. */
  private int bytes(Example example, Continuation continuation) {
    if (continuation.prompt() instanceof Prompt.Chat) {
      return continuation.completion().getBytes(StandardCharsets.UTF_8).length;
    }
    int bytes = 0;
    for (int i = 0; i < example.ids().length; i++) {
      if (example.label()[i] && !model.tokenizer().special(example.ids()[i])) {
        bytes += model.tokenizer().bytes(example.ids()[i]).length;
      }
    }
    return bytes;
  }
}
