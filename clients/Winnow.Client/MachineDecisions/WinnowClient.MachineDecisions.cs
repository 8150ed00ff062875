using Winnow.Model;
using Winnow.Model.MachineDecisions;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>
    /// Records what machines decided about images, at most 1,000 decisions. Those that are not refused are on disk when this returns; they
    /// stand only where people have said nothing, and never enter an image's history.
    /// </summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="decisions">The decisions.</param>
    /// <param name="operationId">Chosen by the caller; sending the same again under it is harmless. Null: one is made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WinnowApiException">The lot was refused as a whole; nothing of it was taken.</exception>
    public Task<MachineDecisionsResult> AddMachineDecisionsAsync(
        string dataset, IReadOnlyList<ImageMachineDecision> decisions, Guid? operationId = null,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/machine-decisions", decisions, ModelJson.Default.IReadOnlyListImageMachineDecision,
            ModelJson.Default.MachineDecisionsResult, operationId ?? Guid.NewGuid(), cancellationToken);

    /// <summary>What there is of each run of machine decisions, by name.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<MachineRun>> ListMachineRunsAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAllAsync($"{Dataset(dataset)}/machine-decisions/runs", ModelJson.Default.IReadOnlyListMachineRun, cancellationToken);

    /// <summary>
    /// Takes back what a run decided, or what was decided about an image: it stays recorded, with who took it back, when and why. Where the
    /// answer is lost, the same call goes on with what is left.
    /// </summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="command">What, and why.</param>
    /// <param name="operationId">Chosen by the caller; sending the same again under it is harmless. Null: one is made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<TakenBackMachineDecisions> TakeBackMachineDecisionsAsync(
        string dataset, TakeBackMachineDecisions command, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/machine-decisions/take-back", command, ModelJson.Default.TakeBackMachineDecisions,
            ModelJson.Default.TakenBackMachineDecisions, operationId ?? Guid.NewGuid(), cancellationToken);
}
