package dev.palimpsest.generate;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.ReadOptions;
import dev.palimpsest.data.Sample;
import dev.palimpsest.data.SampleReader;
import dev.palimpsest.data.Turn;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The prompts of a file, each up to where its (last) answer begins.
 *
 * @param ids of the rows
 */
public record Prompts(List<String> ids, List<Prompt> prompts) {

  /** Reads a file; answers in it are left out. */
  public static Prompts of(DataSpec data) {
    List<String> ids = new ArrayList<>();
    List<Prompt> prompts = new ArrayList<>();
    try (Dataset rows = SampleReader.read(data.file(), data.reading(ReadOptions.Purpose.PROMPTS))) {
      for (int i = 0; i < rows.size(); i++) {
        Sample sample = rows.sample(i);
        ids.add(sample.id());
        prompts.add(prompt(sample, data));
      }
    }
    return new Prompts(ids, prompts);
  }

  /** Prompts under the names 1, 2, 3 …; of the data's settings only those about form count. */
  public static Prompts of(List<String> prompts, DataSpec settings) {
    return new Prompts(
        IntStream.rangeClosed(1, prompts.size()).mapToObj(String::valueOf).toList(),
        prompts.stream().map(prompt -> prompt(prompt, settings)).toList());
  }

  private static Prompt prompt(String user, DataSpec data) {
    return data.form() == Encoder.Form.RAW
        ? new Prompt.Raw(user)
        : chat(List.of(Turn.of(Turn.USER, user)), data);
  }

  private static Prompt prompt(Sample sample, DataSpec data) {
    return switch (sample) {
      case Sample.Pair pair -> prompt(pair.prompt(), data);
      case Sample.Chat chat -> {
        int last = chat.turns().size() - 1;
        boolean answered = chat.turns().get(last).role().equals(Turn.ASSISTANT);
        yield chat(answered ? chat.turns().subList(0, last) : chat.turns(), data);
      }
      case Sample.Text text ->
          throw new BadInput(
              "example '" + text.id() + "': a text has no prompt; give prompt or messages");
    };
  }

  private static Prompt chat(List<Turn> turns, DataSpec data) {
    List<Message> messages = new ArrayList<>();
    boolean own = !turns.isEmpty() && turns.getFirst().role().equals("system");
    if (!own) {
      data.system().ifPresent(system -> messages.add(new Message("system", system)));
    }
    turns.forEach(turn -> messages.add(new Message(turn.role(), turn.content())));
    return new Prompt.Chat(messages);
  }
}
