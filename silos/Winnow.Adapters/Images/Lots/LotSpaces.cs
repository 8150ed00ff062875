using Winnow.Abstractions.Images;

namespace Winnow.Adapters.Images.Lots;

/// <summary>Gives lots their room, out of budgets that all of them share.</summary>
internal sealed class LotSpaces(LotOptions options, string folder) : ILotSpaces
{
    /// <summary>What stands in memory.</summary>
    public LotBudget Memory { get; } = new(options.Memory, options.MemoryPerPrincipal);

    /// <summary>What stands on disk. Nobody has a share of it: a disk's time is what bounds one caller there.</summary>
    public LotBudget Disk { get; } = new(options.Spool, options.Spool);

    public ILotSpace Open(string owner) => new LotSpace(owner, Memory, Disk, folder);
}
