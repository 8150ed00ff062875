using Winnow.Algorithms.Training;
using Winnow.Model.Labels;

namespace Winnow.Grains.Datasets;

/// <summary>From which labels a model is trained, and by what. Pure.</summary>
internal static class Learnable
{
    /// <summary>Why a round ends with its answers where nothing is learnt from its labels, as the end of a sentence.</summary>
    public const string NothingLearned =
        "no model is trained from labels that are not classes of the whole image yet: rounds choose by diversity alone.";

    private const string TooEarly =
        "no model is trained from several classes of an image until all silos are of this release: rounds choose by diversity alone.";

    /// <summary>Why no model is trained from a dataset's labels, as the end of a sentence; null where one is.</summary>
    /// <param name="schema">The dataset's.</param>
    /// <param name="learnsSets">Whether all silos of the cluster know models of sets.</param>
    public static string? WhyNot(LabelSchema schema, bool learnsSets) =>
        schema.IsOneClass ? null : !schema.IsTags ? NothingLearned : learnsSets ? null : TooEarly;

    /// <summary>Why a trainer cannot learn such labels, as a sentence with those that can; null where it can.</summary>
    public static string? NotFor(ITrainer trainer, LabelSchema schema) => trainer.LearnsSets == schema.IsTags ? null
        : $"Trainer '{trainer.Name}' learns {(trainer.LearnsSets ? "sets of classes" : "one class of each image")}, which these labels are "
        + $"not. Name one that fits: {string.Join(", ", Trainers.All.Where(t => t.LearnsSets == schema.IsTags).Select(t => t.Name))}.";

    /// <summary>The trainer of a name where that learns such labels, else the first that does.</summary>
    /// <param name="name">What policies or a command name; null: nothing.</param>
    /// <param name="schema">The dataset's.</param>
    public static ITrainer TrainerOf(string? name, LabelSchema schema) =>
        Trainers.All.FirstOrDefault(t => t.Name == name && t.LearnsSets == schema.IsTags)
        ?? Trainers.All.First(t => t.LearnsSets == schema.IsTags);
}
